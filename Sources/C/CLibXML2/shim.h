#pragma once
/* Debian's libxml2 headers pull in ICU's, which clash with the ICU module inside Foundation
   ("UErrorCode has different definitions"). Nothing here uses the ICU parts. */
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

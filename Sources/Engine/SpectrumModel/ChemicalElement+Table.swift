extension ChemicalElement {
    /// The elements that the compound tables need, with D and T for pure deuterium and tritium.
    ///
    /// Source: NIST, Atomic Weights and Isotopic Compositions (masses AME 2003, abundances IUPAC 1997), as packaged by
    /// pyteomics 5.0.1. Masses in Da.
    package static let table: [ChemicalElement] = [
        ChemicalElement("H", [Isotope(1, 1.00782503207, 0.999885), Isotope(2, 2.0141017778, 0.000115)]),
        ChemicalElement("He", [Isotope(3, 3.0160293191, 1.34e-6), Isotope(4, 4.00260325415, 0.99999866)]),
        ChemicalElement("Li", [Isotope(6, 6.015122795, 0.0759), Isotope(7, 7.01600455, 0.9241)]),
        ChemicalElement("Be", [Isotope(9, 9.0121822, 1.0)]),
        ChemicalElement("B", [Isotope(10, 10.012937, 0.199), Isotope(11, 11.0093054, 0.801)]),
        ChemicalElement("C", [Isotope(12, 12.0, 0.9893), Isotope(13, 13.0033548378, 0.0107)]),
        ChemicalElement("N", [Isotope(14, 14.0030740048, 0.99636), Isotope(15, 15.0001088982, 0.00364)]),
        ChemicalElement(
            "O",
            [
                Isotope(16, 15.99491461956, 0.99757), Isotope(17, 16.9991317, 0.00038),
                Isotope(18, 17.999161, 0.00205),
            ]),
        ChemicalElement("F", [Isotope(19, 18.99840322, 1.0)]),
        ChemicalElement(
            "Ne",
            [
                Isotope(20, 19.9924401754, 0.9048), Isotope(21, 20.99384668, 0.0027),
                Isotope(22, 21.991385114, 0.0925),
            ]),
        ChemicalElement("Na", [Isotope(23, 22.9897692809, 1.0)]),
        ChemicalElement(
            "Mg",
            [
                Isotope(24, 23.9850417, 0.7899), Isotope(25, 24.98583692, 0.1), Isotope(26, 25.982592929, 0.1101),
            ]),
        ChemicalElement("Al", [Isotope(27, 26.98153863, 1.0)]),
        ChemicalElement(
            "Si",
            [
                Isotope(28, 27.9769265325, 0.92223), Isotope(29, 28.9764947, 0.04685),
                Isotope(30, 29.97377017, 0.03092),
            ]),
        ChemicalElement("P", [Isotope(31, 30.97376163, 1.0)]),
        ChemicalElement(
            "S",
            [
                Isotope(32, 31.972071, 0.9499), Isotope(33, 32.97145876, 0.0075), Isotope(34, 33.9678669, 0.0425),
                Isotope(36, 35.96708076, 0.0001),
            ]),
        ChemicalElement("Cl", [Isotope(35, 34.96885268, 0.7576), Isotope(37, 36.96590259, 0.2424)]),
        ChemicalElement(
            "Ar",
            [
                Isotope(36, 35.967545106, 0.003365), Isotope(38, 37.9627324, 0.000632),
                Isotope(40, 39.9623831225, 0.996003),
            ]),
        ChemicalElement(
            "K",
            [
                Isotope(39, 38.96370668, 0.932581), Isotope(40, 39.96399848, 0.000117),
                Isotope(41, 40.96182576, 0.067302),
            ]),
        ChemicalElement(
            "Ca",
            [
                Isotope(40, 39.96259098, 0.96941), Isotope(42, 41.95861801, 0.00647),
                Isotope(43, 42.9587666, 0.00135), Isotope(44, 43.9554818, 0.02086), Isotope(46, 45.9536926, 4e-5),
                Isotope(48, 47.952534, 0.00187),
            ]),
        ChemicalElement("Sc", [Isotope(45, 44.9559119, 1.0)]),
        ChemicalElement(
            "Ti",
            [
                Isotope(46, 45.9526316, 0.0825), Isotope(47, 46.9517631, 0.0744), Isotope(48, 47.9479463, 0.7372),
                Isotope(49, 48.94787, 0.0541), Isotope(50, 49.9447912, 0.0518),
            ]),
        ChemicalElement("V", [Isotope(50, 49.9471585, 0.0025), Isotope(51, 50.9439595, 0.9975)]),
        ChemicalElement(
            "Cr",
            [
                Isotope(50, 49.9460442, 0.04345), Isotope(52, 51.9405075, 0.83789),
                Isotope(53, 52.9406494, 0.09501), Isotope(54, 53.9388804, 0.02365),
            ]),
        ChemicalElement("Mn", [Isotope(55, 54.9380451, 1.0)]),
        ChemicalElement(
            "Fe",
            [
                Isotope(54, 53.9396105, 0.05845), Isotope(56, 55.9349375, 0.91754),
                Isotope(57, 56.935394, 0.02119), Isotope(58, 57.9332756, 0.00282),
            ]),
        ChemicalElement("Co", [Isotope(59, 58.933195, 1.0)]),
        ChemicalElement(
            "Ni",
            [
                Isotope(58, 57.9353429, 0.680769), Isotope(60, 59.9307864, 0.262231),
                Isotope(61, 60.931056, 0.011399), Isotope(62, 61.9283451, 0.036345),
                Isotope(64, 63.927966, 0.009256),
            ]),
        ChemicalElement("Cu", [Isotope(63, 62.9295975, 0.6915), Isotope(65, 64.9277895, 0.3085)]),
        ChemicalElement(
            "Zn",
            [
                Isotope(64, 63.9291422, 0.48268), Isotope(66, 65.9260334, 0.27975),
                Isotope(67, 66.9271273, 0.04102), Isotope(68, 67.9248442, 0.19024),
                Isotope(70, 69.9253193, 0.00631),
            ]),
        ChemicalElement("Ga", [Isotope(69, 68.9255736, 0.60108), Isotope(71, 70.9247013, 0.39892)]),
        ChemicalElement(
            "Ge",
            [
                Isotope(70, 69.9242474, 0.2038), Isotope(72, 71.9220758, 0.2731), Isotope(73, 72.9234589, 0.0776),
                Isotope(74, 73.9211778, 0.3672), Isotope(76, 75.9214026, 0.0783),
            ]),
        ChemicalElement("As", [Isotope(75, 74.9215965, 1.0)]),
        ChemicalElement(
            "Se",
            [
                Isotope(74, 73.9224764, 0.0089), Isotope(76, 75.9192136, 0.0937), Isotope(77, 76.919914, 0.0763),
                Isotope(78, 77.9173091, 0.2377), Isotope(80, 79.9165213, 0.4961), Isotope(82, 81.9166994, 0.0873),
            ]),
        ChemicalElement("Br", [Isotope(79, 78.9183371, 0.5069), Isotope(81, 80.9162906, 0.4931)]),
        ChemicalElement(
            "Kr",
            [
                Isotope(78, 77.9203648, 0.00355), Isotope(80, 79.916379, 0.02286),
                Isotope(82, 81.9134836, 0.11593), Isotope(83, 82.914136, 0.115), Isotope(84, 83.911507, 0.56987),
                Isotope(86, 85.91061073, 0.17279),
            ]),
        ChemicalElement("Rb", [Isotope(85, 84.911789738, 0.7217), Isotope(87, 86.909180527, 0.2783)]),
        ChemicalElement(
            "Sr",
            [
                Isotope(84, 83.913425, 0.0056), Isotope(86, 85.9092602, 0.0986), Isotope(87, 86.9088771, 0.07),
                Isotope(88, 87.9056121, 0.8258),
            ]),
        ChemicalElement("Y", [Isotope(89, 88.9058483, 1.0)]),
        ChemicalElement(
            "Zr",
            [
                Isotope(90, 89.9047044, 0.5145), Isotope(91, 90.9056458, 0.1122), Isotope(92, 91.9050408, 0.1715),
                Isotope(94, 93.9063152, 0.1738), Isotope(96, 95.9082734, 0.028),
            ]),
        ChemicalElement("Nb", [Isotope(93, 92.9063781, 1.0)]),
        ChemicalElement(
            "Mo",
            [
                Isotope(92, 91.906811, 0.1477), Isotope(94, 93.9050883, 0.0923), Isotope(95, 94.9058421, 0.159),
                Isotope(96, 95.9046795, 0.1668), Isotope(97, 96.9060215, 0.0956), Isotope(98, 97.9054082, 0.2419),
                Isotope(100, 99.907477, 0.0967),
            ]),
        ChemicalElement(
            "Ru",
            [
                Isotope(96, 95.907598, 0.0554), Isotope(98, 97.905287, 0.0187), Isotope(99, 98.9059393, 0.1276),
                Isotope(100, 99.9042195, 0.126), Isotope(101, 100.9055821, 0.1706),
                Isotope(102, 101.9043493, 0.3155), Isotope(104, 103.905433, 0.1862),
            ]),
        ChemicalElement("Rh", [Isotope(103, 102.905504, 1.0)]),
        ChemicalElement(
            "Pd",
            [
                Isotope(102, 101.905609, 0.0102), Isotope(104, 103.904036, 0.1114),
                Isotope(105, 104.905085, 0.2233), Isotope(106, 105.903486, 0.2733),
                Isotope(108, 107.903892, 0.2646), Isotope(110, 109.905153, 0.1172),
            ]),
        ChemicalElement("Ag", [Isotope(107, 106.905097, 0.51839), Isotope(109, 108.904752, 0.48161)]),
        ChemicalElement(
            "Cd",
            [
                Isotope(106, 105.906459, 0.0125), Isotope(108, 107.904184, 0.0089),
                Isotope(110, 109.9030021, 0.1249), Isotope(111, 110.9041781, 0.128),
                Isotope(112, 111.9027578, 0.2413), Isotope(113, 112.9044017, 0.1222),
                Isotope(114, 113.9033585, 0.2873), Isotope(116, 115.904756, 0.0749),
            ]),
        ChemicalElement("In", [Isotope(113, 112.904058, 0.0429), Isotope(115, 114.903878, 0.9571)]),
        ChemicalElement(
            "Sn",
            [
                Isotope(112, 111.904818, 0.0097), Isotope(114, 113.902779, 0.0066),
                Isotope(115, 114.903342, 0.0034), Isotope(116, 115.901741, 0.1454),
                Isotope(117, 116.902952, 0.0768), Isotope(118, 117.901603, 0.2422),
                Isotope(119, 118.903308, 0.0859), Isotope(120, 119.9021947, 0.3258),
                Isotope(122, 121.903439, 0.0463), Isotope(124, 123.9052739, 0.0579),
            ]),
        ChemicalElement("Sb", [Isotope(121, 120.9038157, 0.5721), Isotope(123, 122.904214, 0.4279)]),
        ChemicalElement(
            "Te",
            [
                Isotope(120, 119.90402, 0.0009), Isotope(122, 121.9030439, 0.0255),
                Isotope(123, 122.90427, 0.0089), Isotope(124, 123.9028179, 0.0474),
                Isotope(125, 124.9044307, 0.0707), Isotope(126, 125.9033117, 0.1884),
                Isotope(128, 127.9044631, 0.3174), Isotope(130, 129.9062244, 0.3408),
            ]),
        ChemicalElement("I", [Isotope(127, 126.904473, 1.0)]),
        ChemicalElement(
            "Xe",
            [
                Isotope(124, 123.905893, 0.000952), Isotope(126, 125.904274, 0.00089),
                Isotope(128, 127.9035313, 0.019102), Isotope(129, 128.9047794, 0.264006),
                Isotope(130, 129.903508, 0.04071), Isotope(131, 130.9050824, 0.212324),
                Isotope(132, 131.9041535, 0.269086), Isotope(134, 133.9053945, 0.104357),
                Isotope(136, 135.907219, 0.088573),
            ]),
        ChemicalElement("Cs", [Isotope(133, 132.905451933, 1.0)]),
        ChemicalElement(
            "Ba",
            [
                Isotope(130, 129.9063208, 0.00106), Isotope(132, 131.9050613, 0.00101),
                Isotope(134, 133.9045084, 0.02417), Isotope(135, 134.9056886, 0.06592),
                Isotope(136, 135.9045759, 0.07854), Isotope(137, 136.9058274, 0.11232),
                Isotope(138, 137.9052472, 0.71698),
            ]),
        ChemicalElement("La", [Isotope(138, 137.907112, 0.0009), Isotope(139, 138.9063533, 0.9991)]),
        ChemicalElement(
            "Ce",
            [
                Isotope(136, 135.907172, 0.00185), Isotope(138, 137.905991, 0.00251),
                Isotope(140, 139.9054387, 0.8845), Isotope(142, 141.909244, 0.11114),
            ]),
        ChemicalElement("Pr", [Isotope(141, 140.9076528, 1.0)]),
        ChemicalElement(
            "Nd",
            [
                Isotope(142, 141.9077233, 0.272), Isotope(143, 142.9098143, 0.122),
                Isotope(144, 143.9100873, 0.238), Isotope(145, 144.9125736, 0.083),
                Isotope(146, 145.9131169, 0.172), Isotope(148, 147.916893, 0.057), Isotope(150, 149.920891, 0.056),
            ]),
        ChemicalElement(
            "Sm",
            [
                Isotope(144, 143.911999, 0.0307), Isotope(147, 146.9148979, 0.1499),
                Isotope(148, 147.9148227, 0.1124), Isotope(149, 148.9171847, 0.1382),
                Isotope(150, 149.9172755, 0.0738), Isotope(152, 151.9197324, 0.2675),
                Isotope(154, 153.9222093, 0.2275),
            ]),
        ChemicalElement("Eu", [Isotope(151, 150.9198502, 0.4781), Isotope(153, 152.9212303, 0.5219)]),
        ChemicalElement(
            "Gd",
            [
                Isotope(152, 151.919791, 0.002), Isotope(154, 153.9208656, 0.0218),
                Isotope(155, 154.922622, 0.148), Isotope(156, 155.9221227, 0.2047),
                Isotope(157, 156.9239601, 0.1565), Isotope(158, 157.9241039, 0.2484),
                Isotope(160, 159.9270541, 0.2186),
            ]),
        ChemicalElement("Tb", [Isotope(159, 158.9253468, 1.0)]),
        ChemicalElement(
            "Dy",
            [
                Isotope(156, 155.924283, 0.00056), Isotope(158, 157.924409, 0.00095),
                Isotope(160, 159.9251975, 0.02329), Isotope(161, 160.9269334, 0.18889),
                Isotope(162, 161.9267984, 0.25475), Isotope(163, 162.9287312, 0.24896),
                Isotope(164, 163.9291748, 0.2826),
            ]),
        ChemicalElement("Ho", [Isotope(165, 164.9303221, 1.0)]),
        ChemicalElement(
            "Er",
            [
                Isotope(162, 161.928778, 0.00139), Isotope(164, 163.9292, 0.01601),
                Isotope(166, 165.9302931, 0.33503), Isotope(167, 166.9320482, 0.22869),
                Isotope(168, 167.9323702, 0.26978), Isotope(170, 169.9354643, 0.1491),
            ]),
        ChemicalElement("Tm", [Isotope(169, 168.9342133, 1.0)]),
        ChemicalElement(
            "Yb",
            [
                Isotope(168, 167.933897, 0.0013), Isotope(170, 169.9347618, 0.0304),
                Isotope(171, 170.9363258, 0.1428), Isotope(172, 171.9363815, 0.2183),
                Isotope(173, 172.9382108, 0.1613), Isotope(174, 173.9388621, 0.3183),
                Isotope(176, 175.9425717, 0.1276),
            ]),
        ChemicalElement("Lu", [Isotope(175, 174.9407718, 0.9741), Isotope(176, 175.9426863, 0.0259)]),
        ChemicalElement(
            "Hf",
            [
                Isotope(174, 173.940046, 0.0016), Isotope(176, 175.9414086, 0.0526),
                Isotope(177, 176.9432207, 0.186), Isotope(178, 177.9436988, 0.2728),
                Isotope(179, 178.9458161, 0.1362), Isotope(180, 179.94655, 0.3508),
            ]),
        ChemicalElement("Ta", [Isotope(180, 179.9474648, 0.00012), Isotope(181, 180.9479958, 0.99988)]),
        ChemicalElement(
            "W",
            [
                Isotope(180, 179.946704, 0.0012), Isotope(182, 181.9482042, 0.265),
                Isotope(183, 182.950223, 0.1431), Isotope(184, 183.9509312, 0.3064),
                Isotope(186, 185.9543641, 0.2843),
            ]),
        ChemicalElement("Re", [Isotope(185, 184.952955, 0.374), Isotope(187, 186.9557531, 0.626)]),
        ChemicalElement(
            "Os",
            [
                Isotope(184, 183.9524891, 0.0002), Isotope(186, 185.9538382, 0.0159),
                Isotope(187, 186.9557505, 0.0196), Isotope(188, 187.9558382, 0.1324),
                Isotope(189, 188.9581475, 0.1615), Isotope(190, 189.958447, 0.2626),
                Isotope(192, 191.9614807, 0.4078),
            ]),
        ChemicalElement("Ir", [Isotope(191, 190.960594, 0.373), Isotope(193, 192.9629264, 0.627)]),
        ChemicalElement(
            "Pt",
            [
                Isotope(190, 189.959932, 0.00014), Isotope(192, 191.961038, 0.00782),
                Isotope(194, 193.9626803, 0.32967), Isotope(195, 194.9647911, 0.33832),
                Isotope(196, 195.9649515, 0.25242), Isotope(198, 197.967893, 0.07163),
            ]),
        ChemicalElement("Au", [Isotope(197, 196.9665687, 1.0)]),
        ChemicalElement(
            "Hg",
            [
                Isotope(196, 195.965833, 0.0015), Isotope(198, 197.966769, 0.0997),
                Isotope(199, 198.9682799, 0.1687), Isotope(200, 199.968326, 0.231),
                Isotope(201, 200.9703023, 0.1318), Isotope(202, 201.970643, 0.2986),
                Isotope(204, 203.9734939, 0.0687),
            ]),
        ChemicalElement("Tl", [Isotope(203, 202.9723442, 0.2952), Isotope(205, 204.9744275, 0.7048)]),
        ChemicalElement(
            "Pb",
            [
                Isotope(204, 203.9730436, 0.014), Isotope(206, 205.9744653, 0.241),
                Isotope(207, 206.9758969, 0.221), Isotope(208, 207.9766521, 0.524),
            ]),
        ChemicalElement("Bi", [Isotope(209, 208.9803987, 1.0)]),
        ChemicalElement("Th", [Isotope(232, 232.0380553, 1.0)]),
        ChemicalElement("Pa", [Isotope(231, 231.035884, 1.0)]),
        ChemicalElement(
            "U",
            [
                Isotope(234, 234.0409521, 5.4e-5), Isotope(235, 235.0439299, 0.007204),
                Isotope(238, 238.0507882, 0.992742),
            ]),
        ChemicalElement("D", [Isotope(2, 2.0141017778, 1)]),
        ChemicalElement("T", [Isotope(3, 3.0160492777, 1)]),
    ]
}

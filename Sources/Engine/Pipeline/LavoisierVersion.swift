/// The version of this build, written into every result.
public enum LavoisierVersion {
    public static let current = "0.1.0"
}

/// A time as RFC 3339 writes it, in UTC: "2026-11-20T23:50:27.123456789Z".
public enum Timestamp {
    /// - Parameter nanoseconds: since the epoch.
    public static func text(_ nanoseconds: UInt64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        let (year, month, day) = date(days: Int(seconds / 86_400))
        let rest = seconds % 86_400
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let fraction = String(String(nanoseconds % 1_000_000_000 + 1_000_000_000).dropFirst())
        return "\(year)-\(two(month))-\(two(day))T\(two(Int(rest / 3600))):\(two(Int(rest / 60 % 60))):\(two(Int(rest % 60))).\(fraction)Z"
    }

    /// The Gregorian date of a day since the epoch, counted in eras of 400 years that begin in March.
    private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097, dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}

import Testing
@testable import Runtime

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test func readsEveryKindOfValue() throws {
        let text = #" {"a": [1, -2, 3.5, 1e3, true, false, null, ""], "b": {"c": "x"}} "#
        #expect(try parse(text) == ["a": [1, -2, .real(3.5), .real(1000), true, false, .null, ""], "b": ["c": "x"]])
    }

    @Test func decodesEscapes() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00""#) == .string("\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1F600}"))
    }

    @Test func keepsLargeIntegersExact() throws {
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("-9223372036854775808") == .integer(.min))
        #expect(try parse("18446744073709551615") == .unsigned(.max))
        #expect(try parse("18446744073709551616") == .real(18446744073709551616))
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\" 1}", "{\"a\":}", "01", "1.", "-", "1e", "tru", "\"a", "\"\\x\"", "\"\\ud800\"",
                      "\"\\u12\"", "\"\u{1}\"", "[1] 2", "{a:1}", "'a'", "nul", "+1", "1e999"])
    func refusesWhatIsNotJSON(_ text: String) {
        #expect(throws: JSONParser.Failure.self) { try parse(text) }
    }

    @Test func refusesInvalidUTF8() {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse([0x22, 0xff, 0x22]) }
    }

    @Test func refusesDeepNesting() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: JSONParser.Failure.self) { try parse(text) }
    }

    @Test func tellsWhereTheMistakeIs() {
        do {
            _ = try parse("{\n  \"a\": 1,\n  \"b\" 2\n}")
            Issue.record("it is no JSON")
        } catch let error as JSONParser.Failure {
            #expect(error.line == 3)
            #expect(error.column == 7)
        } catch {}
    }

    @Test func writesWhatItReads() throws {
        let value: JSONValue = ["a": ["x\n\"\u{1}\u{e9}", 1, true, .null, [:], []], "b": ["c": -5]]
        #expect(try parse(value.text()) == value)
        #expect(try parse(value.text(indent: 2)) == value)
        #expect(value.text() == #"{"a":["x\n\"\u0001é",1,true,null,{},[]],"b":{"c":-5}}"#)
    }
}

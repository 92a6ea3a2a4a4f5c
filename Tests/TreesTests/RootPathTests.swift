import Testing

@testable import Trees

@Suite("Roots and paths")
struct RootPathTests {
  private func relation(_ root: String, _ path: String) -> RootRelation {
    SnapshotRoot(path: bytes(root), entry: TreeEntry(name: bytes("."), kind: .directory))
      .relation(of: bytes(path).split(separator: 47).map(Array.init))
  }

  @Test func `a path is at, above or beside a root`() {
    #expect(relation("/a/b", "/a/b") == .at([]))
    #expect(relation("/a/b", "/a/b/c/d") == .at([bytes("c"), bytes("d")]))
    #expect(relation("/a/b", "/a") == .above)
    #expect(relation("/a/b", "/") == .above)
    #expect(relation("/a/b", "/a/bc") == .elsewhere)
    #expect(relation("/a/b", "/x") == .elsewhere)
    #expect(relation("/", "/") == .at([]))
    #expect(relation("/", "/x") == .at([bytes("x")]))
  }
}

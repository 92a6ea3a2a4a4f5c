extension [UInt8] {
  /// Where four bytes stand first, from `start` on, with at least `count` bytes from there to the end; `nil` if nowhere.
  func firstPlace(of magic: [UInt8], from start: Int, followedBy count: Int) -> Int? {
    var offset = start
    while offset + count <= self.count {
      if self[offset] == magic[0], self[offset + 1] == magic[1], self[offset + 2] == magic[2],
        self[offset + 3] == magic[3]
      {
        return offset
      }
      offset += 1
    }
    return nil
  }
}

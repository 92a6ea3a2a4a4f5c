import ArgumentParser

/// A number of bytes as people write it: `512`, `64K`, `10M`, `500G`, `2T`; powers of 1024.
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    guard let bytes = ByteQuantity.parse(argument) else { return nil }
    self.bytes = bytes
  }

  var defaultValueDescription: String { "\(bytes)" }
}

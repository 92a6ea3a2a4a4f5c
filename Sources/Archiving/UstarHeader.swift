import CoreTypes
import Trees

/// One header block; what does not fit a field goes into an extended header.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format".
struct UstarHeader {
  private var block = [UInt8](repeating: 0, count: TarHeader.blockByteCount)

  /// Where a field stands.
  private enum Field {
    static let name = 0..<100
    static let mode = 100..<108
    static let uid = 108..<116
    static let gid = 116..<124
    static let size = 124..<136
    static let time = 136..<148
    static let checksum = 148..<156
    static let typeFlag = 156
    static let link = 157..<257
    static let magic = 257..<265
    static let user = 265..<297
    static let group = 297..<329
    static let major = 329..<337
    static let minor = 337..<345
  }

  init(typeFlag: UInt8) {
    block[Field.typeFlag] = typeFlag
    put(Array("ustar\u{0}00".utf8), in: Field.magic)
    for field in [Field.mode, Field.uid, Field.gid, Field.size, Field.time] { put(0, in: field) }
  }

  /// The block with its checksum, which counts its own field as spaces.
  var bytes: [UInt8] {
    var whole = block
    for index in Field.checksum { whole[index] = UInt8(ascii: " ") }
    let sum = whole.reduce(0) { $0 + Int($1) }
    let digits = String(sum, radix: 8)
    let text = String(repeating: "0", count: 6 - digits.utf8.count) + digits + "\u{0} "
    whole.replaceSubrange(Field.checksum, with: Array(text.utf8))
    return whole
  }

  // MARK: Fields

  mutating func setPath(_ path: [UInt8], _ records: inout PaxRecords) {
    setName(path)
    if !fits(path, Field.name) { records.add("path", path) }
  }

  /// A name that is cut if it is too long.
  mutating func setName(_ name: [UInt8]) {
    put(Array(name.prefix(Field.name.count)), in: Field.name)
  }

  mutating func setLink(_ target: [UInt8], _ records: inout PaxRecords) {
    put(Array(target.prefix(Field.link.count)), in: Field.link)
    if !fits(target, Field.link) { records.add("linkpath", target) }
  }

  mutating func setMode(_ mode: UInt16) { put(UInt64(mode), in: Field.mode) }

  mutating func setSize(_ size: UInt64) { put(size, in: Field.size) }

  mutating func setSize(_ size: UInt64, _ records: inout PaxRecords) {
    if put(size, in: Field.size) == .tooLarge { records.add("size", "\(size)") }
  }

  mutating func setOwners(of member: TarMember, _ records: inout PaxRecords) {
    if put(UInt64(member.uid), in: Field.uid) == .tooLarge { records.add("uid", "\(member.uid)") }
    if put(UInt64(member.gid), in: Field.gid) == .tooLarge { records.add("gid", "\(member.gid)") }
    setOwner(member.user, in: Field.user, "uname", &records)
    setOwner(member.group, in: Field.group, "gname", &records)
  }

  private mutating func setOwner(
    _ name: String,
    in field: Range<Int>,
    _ keyword: String,
    _ records: inout PaxRecords
  ) {
    let bytes = Array(name.utf8)
    // One byte less: this field ends with a zero.
    put(Array(bytes.prefix(field.count - 1)), in: field)
    if !fits(bytes, field.dropLast()) { records.add(keyword, bytes) }
  }

  mutating func setTime(_ time: EntryTime, _ records: inout PaxRecords) {
    let isWhole = time.nanoseconds == 0 && time.seconds >= 0
    let answer = put(UInt64(max(0, time.seconds)), in: Field.time)
    if !isWhole || answer == .tooLarge { records.add("mtime", UstarHeader.decimal(time)) }
  }

  mutating func setDevice(_ device: DeviceNumber) {
    for (number, field) in [(device.major, Field.major), (device.minor, Field.minor)]
    where put(UInt64(number), in: field) == .tooLarge {
      // GNU's base 256, which libarchive reads too.
      var bytes: [UInt8] = [0x80, 0, 0, 0]
      for shift in [24, 16, 8, 0] {
        bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(shift)))
      }
      put(bytes, in: field)
    }
  }

  // MARK: Values

  private enum Answer {
    case fits
    case tooLarge
  }

  /// Octal digits and a zero; a number that is too large leaves a zero.
  @discardableResult
  private mutating func put(_ number: UInt64, in field: Range<Int>) -> Answer {
    let digits = String(number, radix: 8)
    let room = field.count - 1
    guard digits.utf8.count <= room else {
      put(0, in: field)
      return .tooLarge
    }
    put(Array((String(repeating: "0", count: room - digits.utf8.count) + digits).utf8), in: field)
    return .fits
  }

  /// Bytes that are not more than the field has.
  private mutating func put(_ bytes: [UInt8], in field: Range<Int>) {
    block.replaceSubrange(field.lowerBound..<field.lowerBound + bytes.count, with: bytes)
  }

  /// The fields are for ASCII; other bytes go into the extended header.
  private func fits(_ bytes: [UInt8], _ field: Range<Int>) -> Bool {
    bytes.count <= field.count && bytes.allSatisfy { $0 < 0x80 }
  }

  /// Seconds with nine decimals, such as `-0.500000000`.
  static func decimal(_ time: EntryTime) -> String {
    let isNegative = time.seconds < 0
    var whole = time.seconds.magnitude
    var nanoseconds = time.nanoseconds
    if isNegative, nanoseconds > 0 {
      // Nanoseconds count forward from the second before.
      whole -= 1
      nanoseconds = 1_000_000_000 - nanoseconds
    }
    let digits = String(nanoseconds)
    return (isNegative ? "-" : "") + "\(whole)."
      + String(repeating: "0", count: 9 - digits.utf8.count) + digits
  }
}

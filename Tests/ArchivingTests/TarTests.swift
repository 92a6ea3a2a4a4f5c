import CoreTypes
import Foundation
import TestSupport
import Testing
import Trees

@testable import Archiving

@Suite("Tar archives")
struct TarTests {
  @Test func `names of any bytes and lengths come back`() throws {
    let part = String(repeating: "n", count: 200)
    let names = [
      "plain", String(repeating: "a", count: 99), String(repeating: "a", count: 100),
      String(repeating: "a", count: 101), "\(part)/\(part)/\(part)", "ünïcode", "line\nbreak",
      "esc\u{1B}[31m", "back\\slash", "space and = sign", "-begins-with-a-dash",
    ]
    var archive = Archive()
    archive.add(part, .directory) { $0.mode = 0o755 }
    archive.add("\(part)/\(part)", .directory) { $0.mode = 0o755 }
    for name in names {
      archive.add(name, .file(byteCount: UInt64(name.utf8.count)), content: Array(name.utf8))
    }
    let broken: [UInt8] = [0x66, 0xFF, 0xFE]
    archive.add(TarMember(path: broken, kind: .file(byteCount: 0)))
    let reader = try Reader(archive)
    try reader.unpack()
    for name in names { #expect(try reader.folder.read("out/\(name)") == Array(name.utf8)) }
    let listed = try reader.run(["ls", "-b", "out"])
    #expect(String(decoding: listed, as: UTF8.self).contains("f\\377\\376"))
    #expect(try reader.python("len(t.getnames())") == "\(names.count + 3)")
  }

  @Test func `links, folders and pipes come back as what they are`() throws {
    let long = String(repeating: "t", count: 150)
    var archive = Archive()
    archive.add(long, .file(byteCount: 3), content: [1, 2, 3])
    archive.add("short", .file(byteCount: 1), content: [9])
    archive.add("hard", .hardLink(to: Array(long.utf8)))
    archive.add("hard-to-short", .hardLink(to: Array("short".utf8)))
    archive.add("soft", .symbolicLink(target: Array("../\(long)/\u{E9}".utf8)))
    archive.add("folder", .directory) { $0.mode = 0o1750 }
    archive.add("pipe", .fifo) { $0.mode = 0o600 }
    let reader = try Reader(archive)
    try reader.unpack()
    let top = reader.folder.path + "/out/"
    let manager = FileManager.default
    func number(_ name: String) throws -> Int? {
      try manager.attributesOfItem(atPath: top + name)[.systemFileNumber] as? Int
    }
    #expect(try number("hard") == number(long))
    #expect(try number("hard-to-short") == number("short"))
    #expect(try manager.destinationOfSymbolicLink(atPath: top + "soft") == "../\(long)/\u{E9}")
    let folder = try manager.attributesOfItem(atPath: top + "folder")
    #expect(folder[.posixPermissions] as? Int == 0o1750)
    #expect(try reader.python("t.getmember('pipe').isfifo()") == "True")
  }

  @Test(arguments: [
    (0, 0), (1, 0), (1_700_000_000, 123_456_789), (-1, 0), (-1, 999_999_999), (-1, 1),
    (-2, 500_000_000), (-2_147_483_648, 0), (8_589_934_591, 0), (8_589_934_592, 0),
    (253_402_300_799, 999_999_999),
  ])
  func `times before 1970 and after 2038 keep their nanoseconds`(
    _ seconds: Int64,
    _ nanoseconds: UInt32
  ) throws {
    var archive = Archive()
    archive.add("file", .file(byteCount: 0)) {
      $0.modified = EntryTime(seconds: seconds, nanoseconds: nanoseconds)
    }
    let reader = try Reader(archive)
    // Nanoseconds from the extended header, or whole seconds from the field.
    let read = try reader.python(
      "(lambda d, m: int(d(m.pax_headers['mtime']) * 10**9) if 'mtime' in m.pax_headers "
        + "else m.mtime * 10**9)(__import__('decimal').Decimal, t.getmember('file'))"
    )
    #expect(read == "\(Int128(seconds) * 1_000_000_000 + Int128(nanoseconds))")
  }

  @Test func `owners, sizes and devices beyond the fields come back`() throws {
    var archive = Archive()
    archive.add("owned", .file(byteCount: 0)) {
      $0.uid = 4_294_967_294
      $0.gid = 2_097_152
      $0.user = String(repeating: "u", count: 40)
      $0.group = "gröup"
      $0.mode = 0o6755
    }
    archive.add("device", .characterDevice(DeviceNumber(major: 259, minor: 3_000_000)))
    archive.add("disk", .blockDevice(DeviceNumber(major: 8, minor: 1)))
    // The content is left out: a reader that goes from header to header need not see it.
    archive.add("large", .file(byteCount: 9 << 30))
    let reader = try Reader(archive)
    func value(_ name: String, _ field: String) throws -> String {
      try reader.python("[m for m in t if m.name == '\(name)'][0].\(field)")
    }
    #expect(try reader.python("t.next().uid") == "4294967294")
    #expect(try reader.python("t.next().gid") == "2097152")
    #expect(try reader.python("t.next().uname") == String(repeating: "u", count: 40))
    #expect(try reader.python("t.next().gname") == "gröup")
    #expect(try reader.python("oct(t.next().mode)") == "0o6755")
    #expect(try reader.python("[t.next().name, t.next().devminor][1]") == "3000000")
    #expect(try reader.python("[t.next(), t.next(), t.next().devmajor][2]") == "8")
    #expect(try reader.python("[t.next(), t.next(), t.next(), t.next().size][3]") == "9663676416")
  }

  @Test func `holes stay holes, and a file that ends in one keeps its length`() throws {
    var expected = [UInt8](repeating: 0, count: 20 << 20)
    expected.replaceSubrange(0..<3, with: [1, 2, 3])
    expected.replaceSubrange(
      (5 << 20) + 700..<(5 << 20) + 1700,
      with: repeatElement(7, count: 1000)
    )
    let parts = TarHeader.aligned(
      [0..<3, (5 << 20) + 700..<(5 << 20) + 1700],
      byteCount: 20 << 20
    )
    var archive = Archive()
    archive.add(
      "sparse",
      .sparseFile(byteCount: 20 << 20, parts: parts),
      content: parts.flatMap { expected[Int($0.lowerBound)..<Int($0.upperBound)] }
    )
    archive.add("empty-but-long", .sparseFile(byteCount: 9 << 30, parts: []))
    let long = String(repeating: "s", count: 180)
    archive.add(long, .sparseFile(byteCount: 4097, parts: [4096..<4097]), content: [5])
    archive.add("after", .file(byteCount: 1), content: [6])
    let reader = try Reader(archive)
    try reader.unpack()
    #expect(try reader.folder.read("out/sparse") == expected)
    let status = try reader.run(["stat", "-c", "%s %b", "out/sparse", "out/empty-but-long"])
    let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
    #expect(lines.map { $0.split(separator: " ")[0] } == ["20971520", "9663676416"])
    for line in lines { #expect(try #require(Int(line.split(separator: " ")[1])) < 1000) }
    #expect(try reader.folder.read("out/\(long)") == [UInt8](repeating: 0, count: 4096) + [5])
    #expect(try reader.folder.read("out/after") == [6])
    #expect(try reader.python("t.getmember('sparse').size") == "20971520")
  }

  @Test func `parts are widened to blocks, never beyond the size`() {
    #expect(TarHeader.aligned([], byteCount: 9) == [])
    #expect(TarHeader.aligned([0..<9], byteCount: 9) == [0..<9])
    #expect(TarHeader.aligned([1..<2, 600..<601], byteCount: 5000) == [0..<1024])
    #expect(TarHeader.aligned([1..<2, 1100..<1101], byteCount: 5000) == [0..<512, 1024..<1536])
    #expect(TarHeader.aligned([700..<700, 4999..<5000], byteCount: 5000) == [4608..<5000])
    #expect(TarHeader.aligned([0..<512, 1024..<1536], byteCount: 1536) == [0..<512, 1024..<1536])
  }

  @Test func `extended attributes of any bytes come back`() throws {
    let attributes = [
      EntryAttribute(name: Array("user.a=b%".utf8), value: [1]),
      EntryAttribute(name: Array("user.bytes".utf8), value: [0, 10, 61, 255, 0]),
      EntryAttribute(name: Array("user.empty".utf8), value: []),
      EntryAttribute(name: Array("user.long".utf8), value: [UInt8](repeating: 88, count: 1500)),
    ]
    var archive = Archive()
    archive.add("file", .file(byteCount: 0)) { $0.attributes = attributes }
    let reader = try Reader(archive)
    try reader.unpack("--xattrs", "--xattrs-include=*")
    let read = try reader.run([
      "python3", "-c",
      "import os\nfor n in sorted(os.listxattr('out/file')): print(n, os.getxattr('out/file', n).hex())",
    ])
    let expected = attributes.map { attribute in
      String(decoding: attribute.name, as: UTF8.self) + " "
        + attribute.value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    #expect(
      String(decoding: read, as: UTF8.self).split(separator: "\n").map(String.init) == expected
    )
  }

  @Test func `access control lists are written in words too`() {
    let access = Array("system.posix_acl_access".utf8)
    // user::rw-, user:1000:r--, group::r-x, mask::rwx, other::---
    let value: [UInt8] = [
      2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 0xE8, 3, 0, 0, 4, 0, 5, 0, 255, 255,
      255, 255, 16, 0, 7, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
    ]
    let words = "user::rw-,user:1000:r--,group::r-x,mask::rwx,other::---"
    #expect(AccessControlText.text(value) == words)
    for broken in [[], value.dropLast(), [3] + value.dropFirst(), [2, 0, 0, 0, 9] + value[5...]] {
      #expect(AccessControlText.text(Array(broken)) == nil)
    }
    var member = TarMember(path: [65], kind: .directory)
    member.attributes = [EntryAttribute(name: access, value: value)]
    let text = String(decoding: TarHeader.bytes(of: member), as: UTF8.self)
    #expect(text.contains("SCHILY.acl.access=\(words)\n"))
    #expect(text.contains("SCHILY.xattr.system.posix_acl_access="))
  }

  @Test func `what fits the old header needs no other`() {
    let member = TarMember(path: Array("a/b".utf8), kind: .file(byteCount: 8_589_934_591))
    #expect(TarHeader.bytes(of: member).count == 512)
    let larger = TarMember(path: Array("a/b".utf8), kind: .file(byteCount: 8_589_934_592))
    #expect(TarHeader.bytes(of: larger).count == 3 * 512)
  }

  @Test func `an archive ends on a record, after two empty blocks`() {
    for count in [0, 512, 10_240 - 1024, 10_240 - 512, 10_240] as [UInt64] {
      let end = TarHeader.end(after: count)
      #expect((count + UInt64(end.count)) % 10_240 == 0)
      #expect(end.count >= 1024)
    }
    #expect(TarHeader.padding(after: 0).isEmpty)
    #expect(TarHeader.padding(after: 1).count == 511)
    #expect(TarHeader.padding(after: 512).isEmpty)
  }

  @Test func `the length of a record counts its own digits`() {
    for count in [1, 80, 88, 89, 90, 91, 985, 986, 987, 988, 989, 9985] {
      var records = PaxRecords()
      records.add("path", [UInt8](repeating: 65, count: count))
      let text = String(decoding: records.bytes, as: UTF8.self)
      #expect(text.split(separator: " ")[0] == "\(records.bytes.count)")
      #expect(text.hasSuffix("\n"))
    }
  }
}

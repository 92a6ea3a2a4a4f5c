import TestSupport
import Foundation
import Glibc
import Testing

@Suite("Restore into hostile places", .serialized)
struct RestoreHostileTests {
  @Test func `a link where a folder should be is replaced or left, and never followed`() throws {
    let place = try prepared()
    try place.write([100], to: "outside/inner")
    for rule in ["never", "if-newer", "always"] {
      try place.call("mkdir", "-p", place.path(rule))
      try place.call("ln", "-s", place.path("outside"), place.path(rule + "/folder"))
      try place.call("ln", "-s", place.path("outside/inner"), place.path(rule + "/plain"))
      let outcome = try place.restore(to: rule, ["--overwrite", rule, "--delete"])
      #expect(outcome.status == (rule == "always" ? 0 : 3), "\(rule): \(outcome)")
      if rule != "always" { #expect(outcome.errors.contains("folder")) }
      #expect(try place.bytes("outside/inner") == [100])
      #expect(try place.files(below: "outside") == ["outside/inner"])
    }
    try place.requireEqual("source", "always")
    // The same with several folders, whose parents are nobody's entries.
    try place.write([1], to: "other/file")
    #expect(try place.kist("backup", place.path("source"), place.path("other")).status == 0)
    try place.call("mkdir", place.path("several"))
    try place.call("ln", "-s", place.path("outside"), place.path("several/tmp"))
    let several = try place.restore(to: "several", ["--delete"])
    #expect(several.status == 3, "\(several)")
    #expect(try place.files(below: "outside") == ["outside/inner"])
  }

  @Test func `a file with a name outside is replaced, also in place`() throws {
    let place = try prepared()
    let right = try place.bytes("source/plain")
    var wrong = right
    wrong[0] ^= 1
    for (number, flags) in [[], ["--in-place"], ["--overwrite", "if-changed"]].enumerated() {
      try place.write(wrong, to: "outside-\(number)")
      try place.write([0], to: "out-\(number)/other")
      let target = "out-\(number)/plain"
      try place.call("ln", place.path("outside-\(number)"), place.path(target))
      let before = try place.look("outside-\(number)")
      let outcome = try place.restore(to: "out-\(number)", flags)
      #expect(outcome.status == 0, "\(outcome)")
      #expect(try place.bytes("outside-\(number)") == wrong)
      #expect(try place.bytes(target) == right)
      // Only the number of its names has changed, and with it the time of that.
      let after = try place.look("outside-\(number)")
      #expect(before.split(separator: " ").prefix(7) == after.split(separator: " ").prefix(7))
    }
    // Right in content, and linked from outside with attributes of its own.
    try place.write(right, to: "outside-3")
    try place.call("mkdir", place.path("out-3"))
    try place.call("ln", place.path("outside-3"), place.path("out-3/plain"))
    try place.call("chmod", "606", place.path("outside-3"))
    #expect(try place.restore(to: "out-3", ["--in-place"]).status == 0)
    #expect(try place.owner("outside-3").hasSuffix("606"))
    #expect(try place.inode("outside-3") != place.inode("out-3/plain"))
  }

  @Test func `delete stops at a mount point`() throws {
    let place = try prepared()
    try place.call("mkdir", "-p", place.path("out/mounted"), place.path("out/folder"))
    let mounts = [place.path("out/mounted"), place.path("out/folder")]
    for (number, mount) in mounts.enumerated() {
      let mounted = try place.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount])
      guard mounted.status == 0 else {
        print("not tested: nothing can be mounted here: \(mounted.errors)")
        if number == 1 { _ = try place.run(["umount", mounts[0]]) }
        return
      }
    }
    defer {
      for mount in mounts {
        do { _ = try place.run(["umount", mount]) } catch { Issue.record(error) }
      }
    }
    try place.write([1], to: "out/mounted/precious")
    try place.write([2], to: "out/folder/precious")
    try place.write([3], to: "out/extra")
    let outcome = try place.restore(to: "out", ["--delete"])
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try place.bytes("out/mounted/precious") == [1])
    #expect(try place.bytes("out/folder/precious") == [2])
    #expect(try place.exist(["out/extra"]) == 0)
    #expect(try place.bytes("out/folder/inner") == place.bytes("source/folder/inner"))
    // A folder that is bound to one of the same file system is a mount point too.
    try place.write([4], to: "elsewhere/precious")
    try place.call("mkdir", place.path("out/bound"))
    try place.call("mount", "--bind", place.path("elsewhere"), place.path("out/bound"))
    let bound = try place.restore(to: "out", ["--delete", "-v"])
    try place.call("umount", place.path("out/bound"))
    #expect(bound.status == 0, "\(bound)")
    #expect(try place.bytes("elsewhere/precious") == [4])
  }

  @Test func `an ordinary user is told once what he cannot have`() throws {
    guard getuid() == 0 else { return }
    let place = try Place()
    try place.initialize(key: .recovery)
    for number in 0..<30 { try place.write([1], to: "source/file-\(number)") }
    try place.call("mknod", place.path("source/device"), "c", "1", "3")
    try place.call("chmod", "4755", place.path("source/file-1"))
    #expect(try place.kist("backup", place.path("source")).status == 0)
    guard let user = try place.ordinaryUser() else { return }
    let target = place.path("mine/out")
    let outcome = try place.run(user + ["restore", "latest", "--target", target])
    #expect(outcome.status == 3, "\(outcome)")
    #expect(outcome.errors.split(separator: "\n").count == 3, "\(outcome)")
    #expect(outcome.errors.contains("owner of 31 entries"))
    #expect(outcome.errors.contains("1 device not made"))
    #expect(outcome.errors.contains("setuid or setgid of 1 entry"))
    #expect(try place.owner("mine/out/file-1") == "65534:65534 755")
    let own = try place.run(
      user + ["restore", "latest", "-t", target, "--no-owner", "-e", "device"]
    )
    #expect(own.status == 3, "setuid is named: \(own)")
    #expect(own.errors.split(separator: "\n").count == 1, "\(own)")
    let json = try place.run(user + ["restore", "latest", "-t", target, "--json"])
    let kinds = try JSON.lines(json.errors).map { try JSON.text($0, "message_type") }
    #expect(kinds == ["not_applied", "not_applied", "not_applied"], "\(json)")
  }

  @Test func `a user's own read-only folders are no obstacle`() throws {
    guard getuid() == 0 else { return }
    let place = try prepared()
    try place.call("chmod", "555", place.path("source/folder"))
    try place.call("chmod", "444", place.path("source/folder/inner"))
    try place.call("chown", "-R", "65534:65534", place.path("source"))
    #expect(try place.kist("backup", place.path("source")).status == 0)
    guard let user = try place.ordinaryUser() else { return }
    let command = user + ["restore", "latest", "--target", place.path("mine/out"), "--delete"]
    let first = try place.run(command)
    #expect(first.status == 0, "\(first)")
    try place.call("chmod", "0", place.path("mine/out/folder"))
    try place.write([1], to: "mine/out/folder/extra")
    try place.overwrite([1, 2], "mine/out/folder/inner")
    for flags in [[], ["--in-place"]] {
      let again = try place.run(command + flags)
      #expect(again.status == 0, "\(again)")
      try place.requireEqual("source", "mine/out")
      try place.overwrite([1, 2], "mine/out/folder/inner")
    }
    // What belongs to somebody else and is closed is named, and the rest comes back.
    try place.call("chown", "0:0", place.path("mine/out/folder"))
    try place.overwrite([3], "mine/out/plain")
    let closed = try place.run(command)
    #expect(closed.status == 3, "\(closed)")
    #expect(closed.errors.contains("folder"))
    #expect(try place.bytes("mine/out/plain") == place.bytes("source/plain"))
  }

  @Test func `a full disk is 21, leaves no litter, and the next run goes on`() throws {
    let place = try prepared()
    // Their content fits, and their blocks do not: that shows only when they are written.
    try place.fill("source/many", files: 800, bytes: 200, seed: 3)
    #expect(try place.kist("backup", place.path("source")).status == 0)
    let small = place.path("small")
    try place.call("mkdir", small)
    let mounted = try place.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small])
    guard mounted.status == 0 else {
      print("not tested: a file system of 2 MiB cannot be mounted here: \(mounted.errors)")
      return
    }
    defer { do { _ = try place.run(["umount", small]) } catch { Issue.record(error) } }
    // An old version of a file, which must survive that its copy does not fit.
    var old = try place.bytes("source/many/part-0/file-1")
    old[5] ^= 1
    try place.write(old, to: "small/many/part-0/file-1")
    let full = try place.restore(to: "small")
    #expect(full.status == 21, "\(full)")
    #expect(full.errors.contains("no space"))
    #expect(full.errors.split(separator: "\n").count <= 4, "said once: \(full)")
    let counts = full.errors.matches(of: /(\d+) files are there and whole, (\d+) are not/).first
    let (done, rest) = try #require(counts.map { (Int($0.1) ?? 0, Int($0.2) ?? 0) }, "\(full)")
    #expect(done > 0 && rest > 0 && done + rest == 802, "\(full)")
    let found = try place.files(below: "small")
    #expect(!found.contains { $0.contains(".kist-") }, "\(found)")
    let kept = try place.bytes("small/many/part-0/file-1")
    let new = try place.bytes("source/many/part-0/file-1")
    #expect(kept == old || kept == new)
    try place.call("mount", "-o", "remount,size=64m", small)
    let next = try place.restore(to: "small", ["--overwrite", "if-newer"])
    #expect(next.status == 0, "\(next)")
    let last = try place.restore(to: "small")
    #expect(last.status == 0, "\(last)")
    try place.requireEqual("source", "small")
  }

  @Test func `after kills at any point, a restore goes on, whatever may be overwritten`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    let seed = TestSeed.make(for: "kills of a restore")
    var random = SplitMix64(seed: seed)
    try place.fill("source", files: 1200, bytes: 3000, seed: seed)
    try place.write([UInt8](repeating: 3, count: 100), to: "source/inline")
    for name in ["large", "patched"] {
      let path = place.path("source/" + name)
      try place.call("dd", "if=/dev/urandom", "of=" + path, "bs=1M", "count=24", "status=none")
    }
    try place.call("ln", place.path("source/large"), place.path("source/linked"))
    try place.call("find", place.path("source"), "-exec", "touch", "-d", "2021-01-01", "{}", "+")
    #expect(try place.kist("backup", place.path("source")).status == 0)
    for rule in ["never", "if-newer", "if-changed", "always"] {
      try place.call("mkdir", place.path(rule))
      // An older file that is patched by copy; `never` must leave it, and all others bring it up to date.
      let old = place.path(rule + "/patched")
      try place.call("cp", place.path("source/patched"), old)
      try place.call(
        "dd",
        "if=/dev/zero",
        "of=" + old,
        "bs=1M",
        "count=1",
        "seek=5",
        "conv=notrunc"
      )
      try place.call("touch", "-d", "2001-01-01", old)
      let before = try place.bytes(rule + "/patched")
      var killed = 0
      for _ in 0..<6 {
        let running = try place.start(
          ["restore", "latest", "--target", place.path(rule), "--overwrite", rule]
        )
        let delay = 0.1 + Double(random.next() % 1000) / 1000 * 0.5
        let start = DispatchTime.now().uptimeNanoseconds
        while running.isRunning,
          Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 < delay
        { usleep(1000) }
        if running.isRunning {
          running.send(SIGKILL)
          killed += 1
        }
        _ = try running.wait()
      }
      print("\(rule): \(killed) of 6 were killed")
      let last = try place.restore(to: rule, ["--overwrite", rule])
      #expect(last.status == 0, "seed \(seed), \(rule): \(last)")
      if rule == "never" {
        #expect(try place.bytes("never/patched") == before)
        try place.call("cp", "-p", place.path("source/patched"), old)
      }
      let litter = try place.files(below: rule).filter { $0.contains(".kist-") }
      #expect(litter.isEmpty, "seed \(seed), \(rule)")
      try place.requireEqual("source", rule)
    }
  }

  private func stoppedRestore(of place: Place) throws -> Outcome {
    try place.call("rm", "-rf", place.path("out"))
    let running = try place.start(["restore", "latest", "--target", place.path("out"), "--json"])
    for _ in 0..<2000 where running.isRunning {
      if FileManager.default.fileExists(atPath: place.path("out/part-0/file-0")) { break }
      usleep(1000)
    }
    running.send(SIGINT)
    return try running.wait()
  }

  @Test func `Ctrl-C stops a restore, and what is left goes on`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 2000, bytes: 4000, seed: 12)
    #expect(try place.kist("backup", place.path("source")).status == 0)
    var stopped = try stoppedRestore(of: place)
    // One that was done before the stop came proves nothing.
    for _ in 0..<5 where stopped.status == 0 { stopped = try stoppedRestore(of: place) }
    #expect(stopped.status == 130, "\(stopped)")
    let failure = try #require(try JSON.lines(stopped.errors).last)
    #expect(try JSON.text(failure, "advice").contains("again"))
    // As many as it says have the mark, and what another name was to become is gone.
    let marked = try place.run(["find", place.path("out"), "-type", "f", "-perm", "1600"])
    let count = marked.output.split(separator: "\n").count
    let meaning = try JSON.text(failure, "meaning")
    let words =
      count == 0
      ? "so far are whole."
      : "but for \(count.formatted(.number.locale(Locale(identifier: "en_US")))) file"
    #expect(meaning.contains(words), "\(count) marked: \(meaning)")
    let next = try place.restore(to: "out", ["--overwrite", "never"])
    #expect(next.status == 0, "\(next)")
    try place.requireEqual("source", "out")
  }

  /// A place with a small folder and a snapshot of it.
  private func prepared() throws -> Place {
    let place = try Place()
    try place.initialize(key: .recovery)
    var random = SplitMix64(seed: 8)
    try place.write(random.bytes(2000), to: "source/folder/inner")
    try place.write(random.bytes(300_000), to: "source/plain")
    try place.call("find", place.path("source"), "-exec", "touch", "-d", "2020-02-02", "{}", "+")
    let saved = try place.kist("backup", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
    return place
  }
}

extension Place {
  /// How to start `kist` as nobody, in a folder `mine`; `nil` if that is impossible here.
  fileprivate func ordinaryUser() throws -> [String]? {
    try call("mkdir", "-p", path("mine"))
    try call("chown", "65534:65534", path("mine"))
    try call("chmod", "711", root)
    for folder in ["repository", "cache", "state"] {
      try call("chown", "-R", "65534:65534", path(folder))
    }
    let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", Programs.kist]
    let probe = try run(user + ["--version"])
    if probe.status == 0 { return user }
    print("not tested: another user may not run \(Programs.kist): \(probe.errors)")
    return nil
  }
}

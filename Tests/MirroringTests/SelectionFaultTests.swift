import CoreTypes
import Indexing
import Mirroring
import Repositories
import Sealing
import Storage
import Synchronization
import TestSupport
import Testing
import Threading

@Suite("Mirrors of chosen snapshots: lies, damage, cuts")
struct SelectionFaultTests {
  private let family: Family

  init() throws { family = try Family() }

  private func source(seed: UInt64) throws -> ChoiceSource {
    try ChoiceSource(family, seed: seed)
  }

  @Test func `a lie about what a snapshot needs is put right by the next honest push`() throws {
    let source = try source(seed: 45)
    let mirrored = try family.empty()
    let lie = MirrorChoice(snapshots: source.snapshots, objects: .none)
    _ = try family.push(source.repository, to: mirrored, lie, role: .append, wishes: []).here.get()
    #expect(try family.objects(of: mirrored).isEmpty)
    _ = try family.push(source.repository, to: mirrored, source.choice(0, 1, 2)).here.get()
    #expect(try family.objects(of: mirrored) == family.objects(of: source.repository))
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `a damaged list makes a store promise everything, until everything is there`() throws {
    let source = try source(seed: 46)
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    var file = try #require(try mirrored.store.readSelection())
    file[10] ^= 1
    try mirrored.store.writeSelection(file)
    try mirrored.refresh()
    #expect(mirrored.holding.chosen == nil && mirrored.holding != .everything)
    #expect(try faults(of: mirrored).count == 4)
    #expect(
      isRefusedChoice(try family.push(source.repository, to: mirrored, source.choice(0)).here)
    )
    #expect(try mirrored.store.readSelection() == file)
    _ = try family.push(source.repository, to: mirrored, nil).here.get()
    #expect(mirrored.holding == .everything)
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `a lost list of objects is no smaller promise`() throws {
    let source = try source(seed: 47)
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    for name in try mirrored.store.names(of: .manifest) {
      try mirrored.store.remove(BlobName(.manifest, name))
    }
    #expect(try faults(of: mirrored).count == 4)
  }

  @Test func `an object that no record names is asked of nobody`() throws {
    let source = try source(seed: 52)
    let mirrored = try family.empty()
    let choice = MirrorChoice(
      snapshots: [source.snapshots[0]],
      objects: ChosenObjects([ObjectID(Digest(words: 1, 2, 3, 4))])
    )
    _ = try family.push(source.repository, to: mirrored, choice).here.get()
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `a malformed selection is refused, whatever its bytes`() throws {
    let source = try source(seed: 55)
    for bytes in [[UInt8]](
      arrayLiteral: [],
      [0xa0],
      [0xa2, 1, 0x40],
      [0xa2, 1, 0x41, 0, 2, 0x40],
      [0xa2, 1, 0x5a, 0xff, 0xff, 0xff, 0xff]
    ) {
      #expect(throws: RecordError.self) { try StoreSelection(decoding: bytes) }
    }
    let falling = [UInt8](repeating: 2, count: 32) + [UInt8](repeating: 1, count: 32)
    #expect(throws: RecordError.self) {
      try StoreSelection(decoding: [0xa2, 1, 0x58, 64] + falling + [2, 0x40])
    }
    let encoded = source.choice(0, 1).selection.encoded
    #expect(try StoreSelection(decoding: encoded) == source.choice(1, 0).selection)
    for count in encoded.indices {
      #expect(throws: RecordError.self, "\(count) bytes") {
        try StoreSelection(decoding: Array(encoded[..<count]))
      }
    }
    #expect(throws: RecordError.self) { try StoreSelection(decoding: encoded + [0]) }
    var random = SplitMix64(seed: 56)
    for _ in 0..<2000 {
      var changed = encoded
      changed[Int(random.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: random.next())
      // Whatever it is now, it is read or refused; nothing traps.
      do {
        _ = try StoreSelection(decoding: changed)
      } catch {
        guard case .malformed = error else { return }
      }
    }
  }

  @Test func `more lists than the records could fill are refused before they are read`() throws {
    let source = try source(seed: 57)
    let lists = (0..<64).map { Digest(words: $0, 1, 2, 3) }
    let selection = try StoreSelection(decoding: map(snapshots: [], lists: lists))
    #expect(selection.lists.count == 64)
    #expect(throws: RecordError.self) { try selection.requireFits(source.repository.log) }
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    try mirrored.store.writeSelection(selection.file)
    try mirrored.refresh()
    guard case .damaged = mirrored.holding else {
      Issue.record("\(mirrored.holding)")
      return
    }
  }

  @Test func `a push that dies at any step leaves no store that promises what it lacks`() throws {
    let source = try source(seed: 53)
    for choices in [[source.choice(0)], [source.choice(0), source.choice(0, 2)], []] {
      for step in 0..<24 {
        let memory = try family.emptyStore()
        let sound = try family.open(memory)
        var last: MirrorChoice? = choices.last
        if choices.isEmpty {
          // The last push makes whole.
          _ = try family.push(source.repository, to: sound, source.choice(0)).here.get()
          last = nil
        }
        for choice in choices.dropLast() {
          _ = try family.push(source.repository, to: sound, choice).here.get()
        }
        let dying = LockingFaultyStore(over: memory, .crashBefore, atStep: step)
        let mirrored = try KeylessRepository(store: dying, index: sound.index)
        let ends = try family.push(source.repository, to: mirrored, last)
        let found = try faults(of: sound)
        #expect(found == [], "step \(step): \(found)")
        if case .success = ends.there { break }
        #expect(step < 23)
        _ = try family.push(source.repository, to: sound, last).here.get()
        #expect(try faults(of: sound) == [])
        #expect((sound.holding == .everything) == (last == nil))
      }
    }
  }

  @Test func `a cut line loses nothing that was promised, and the next run goes on`() throws {
    let source = try source(seed: 63)
    for place in stride(from: 0, to: 6000, by: 97) {
      let mirrored = try family.empty()
      _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
      let (near, far) = MemoryStream.pair()
      _ = try mirror(
        source.repository,
        mirrored,
        wishes: [Hello.Wish.push],
        streams: (BrokenStream(near, .cut(at: place)), far),
        here: { $0.choice = source.choice(0, 1) }
      )
      #expect(try faults(of: mirrored) == [], "cut at \(place)")
      #expect(try family.held(mirrored).contains(source.snapshots[0]))
      _ = try family.push(source.repository, to: mirrored, source.choice(0, 1)).here.get()
      #expect(try family.held(mirrored) == Set(source.snapshots[0...1]))
    }
  }

  /// A selection as it travels, whatever it says.
  private func map(snapshots: [Digest], lists: [Digest]) -> [UInt8] {
    func bytes(_ digests: [Digest]) -> [UInt8] {
      let bytes = digests.flatMap(\.bytes)
      let header: [UInt8] =
        switch bytes.count {
        case ..<24: [0x40 | UInt8(bytes.count)]
        case ..<256: [0x58, UInt8(bytes.count)]
        default: [0x59, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)]
        }
      return header + bytes
    }
    return [0xa2, 1] + bytes(snapshots) + [2] + bytes(lists)
  }

  // MARK: A giver of ill will

  /// Lets a hostile giver choose for a new mirror; returns how the mirror ended.
  private func receive(
    _ source: ChoiceSource,
    into mirrored: KeylessRepository,
    _ prepare: (HostilePeer) throws -> Void
  ) throws -> Ending {
    let (near, far) = MemoryStream.pair()
    let box = Mutex<Ending>(.failure(.closed))
    let peer = HostilePeer(far, repository: family.id)
    try peer.offer(source.repository)
    try prepare(peer)
    let thread = try WorkerThread.start {
      var options = PeerOptions(program: "mirror")
      options.wishes = [Hello.Wish.pull]
      options.stallSeconds = 10
      let ending = run(mirrored, over: near, options)
      box.withLock { $0 = ending }
    }
    peer.run()
    thread.join()
    return box.withLock { $0 }
  }

  private func isMalformed(_ ending: Ending) -> Bool {
    if case .failure(.malformed) = ending { return true }
    return false
  }

  @Test func `a map that is not what its name says is refused`() throws {
    let source = try source(seed: 64)
    let mirrored = try family.empty()
    let choice = source.choice(0)
    let ending = try receive(source, into: mirrored) { peer in
      peer.selection = choice.selection.name
      peer.items[.selection] = [choice.selection.name: source.choice(1).selection.encoded]
    }
    guard case .failure(.wrongHash) = ending else {
      Issue.record("\(ending)")
      return
    }
    #expect(try mirrored.store.readSelection() == nil)
    #expect(try mirrored.store.names(of: .record).isEmpty)
  }

  @Test func `a map or a list that never comes ends the run`() throws {
    let source = try source(seed: 65)
    let mirrored = try family.empty()
    let choice = source.choice(0)
    #expect(
      isMalformed(try receive(source, into: mirrored) { $0.selection = choice.selection.name })
    )
    let ending = try receive(source, into: mirrored) { peer in
      peer.selection = choice.selection.name
      peer.items[.selection] = [choice.selection.name: choice.selection.encoded]
    }
    #expect(isMalformed(ending), "\(ending)")
    #expect(try mirrored.store.readSelection() == nil)
    #expect(try mirrored.store.names(of: .record).isEmpty)
  }

  @Test func `lists that overlap, or are too many, are refused`() throws {
    let source = try source(seed: 66)
    let mirrored = try family.empty()
    let list = Manifest.encode(source.objects[0].sorted()[...])
    let name = PlainHash.of(list)
    for count in [2, 64] {
      let map = map(
        snapshots: [source.snapshots[0].digest],
        lists: [Digest](repeating: name, count: count)
      )
      let ending = try receive(source, into: mirrored) { peer in
        peer.selection = PlainHash.of(map)
        peer.items[.selection] = [PlainHash.of(map): map]
        peer.items[.manifest] = [name: list]
      }
      #expect(isMalformed(ending), "\(count): \(ending)")
    }
    #expect(try mirrored.store.readSelection() == nil)
    #expect(try mirrored.store.names(of: .record).isEmpty)
  }

  @Test func `what is no snapshot does not fill the list`() throws {
    let source = try source(seed: 67)
    let mirrored = try family.empty()
    let strange = (0..<900).map { RecordID(Digest(words: $0, 7, 7, 7)) }
    let choice = MirrorChoice(
      snapshots: strange + [source.snapshots[0]],
      objects: ChosenObjects(source.objects[0])
    )
    _ = try family.push(source.repository, to: mirrored, choice).here.get()
    #expect(mirrored.holding.selection?.snapshots == [source.snapshots[0]])
  }
}

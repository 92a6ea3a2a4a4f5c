/// Rules 5–7: what a backup does.
extension Model {
  func writerActions(in state: State, into actions: inout [Action]) {
    let areAlike = !state.writers.first.isBusy && !state.writers.second.isBusy
    let count = areAlike ? min(1, universe.writerCount) : universe.writerCount
    for writer in 0..<count {
      let session = state.writers[writer]
      if !session.isBusy {
        beginnings(of: writer, in: state, into: &actions)
        continue
      }
      actions.append(.crashWriter(writer))
      if let chunk = firstOpenChunk(of: session) {
        resolutions(of: chunk, by: writer, in: state, into: &actions)
      } else if hasRoom(for: .snapshot, in: state) {
        actions.append(.commit(writer: writer))
      }
    }
  }

  /// The steps of a writer that is in the midst of resolving; false if there is none.
  func urgentActions(in state: State, into actions: inout [Action]) -> Bool {
    for writer in 0..<universe.writerCount {
      guard state.writers[writer].isBusy,
        let chunk = firstOpenChunk(of: state.writers[writer])
      else { continue }
      actions.append(.crashWriter(writer))
      resolutions(of: chunk, by: writer, in: state, into: &actions)
      return true
    }
    return false
  }

  private func beginnings(
    of writer: Int,
    in state: State,
    into actions: inout [Action]
  ) {
    guard hasRoom(for: .snapshot, in: state) else { return }
    for store in 0..<universe.storeCount where mayWrite(at: store, in: state) {
      let log = state.stores[store].log
      for needs in universe.needs {
        actions.append(.begin(writer: writer, store: store, needs: needs, pin: 15))
        guard universe.pins else { continue }
        for snapshot in Members(live(log, in: state))
        where needs & Mask(truncatingIfNeeded: state.subjects[snapshot]) != 0 {
          actions.append(.begin(writer: writer, store: store, needs: needs, pin: snapshot))
        }
      }
    }
  }

  private func firstOpenChunk(of session: Writer) -> Int? {
    for chunk in Members(session.needs) where session.choices[chunk] == Writer.open {
      return chunk
    }
    return nil
  }

  private func resolutions(
    of chunk: Int,
    by writer: Int,
    in state: State,
    into actions: inout [Action]
  ) {
    let session = state.writers[writer]
    for object in Members(usable(by: session, in: state))
    where state.contents[object] & Int(Mask.one(chunk)) != 0 {
      actions.append(.reuse(writer: writer, chunk: chunk, object: object))
    }
    guard state.objectCount < universe.objectLimit else { return }
    if !universe.uploadsAgain
      && state.chunks(in: usable(by: session, in: state)).has(chunk)
    {
      return
    }
    actions.append(.upload(writer: writer, chunks: .one(chunk)))
    let open = openChunks(of: session)
    if open != .one(chunk) { actions.append(.upload(writer: writer, chunks: open)) }
  }

  private func openChunks(of session: Writer) -> Mask {
    var open: Mask = 0
    for chunk in Members(session.needs) where session.choices[chunk] == Writer.open {
      open |= .one(chunk)
    }
    return open
  }

  /// Rule 5: objects that a session may deduplicate against.
  private func usable(by session: Writer, in state: State) -> Mask {
    var there = state.stores[session.store].present
    if !rules.contains(.presenceIsAskedOfStore) { there = .first(state.objectCount) }
    if !rules.contains(.damagedObjectsAreNotUsed) {
      there |= state.stores[session.store].damaged
    }
    return there & ~forbidden(session.known, in: state)
  }

  func begin(
    _ writer: Int,
    at store: Int,
    needs: Mask,
    pin: Int,
    in state: inout State
  ) {
    var session = Writer(isBusy: true, store: store, needs: needs, pin: pin)
    session.known = state.stores[store].log
    for chunk in 0..<4 { session.choices[chunk] = Writer.open }
    if pin != 15 {
      for chunk in Members(pinnable(by: session, in: state)) {
        session.choices[chunk] = Writer.pinned
      }
    }
    state.writers[writer] = session
  }

  /// Rule 6: chunks that may be taken from the pinned snapshot without a look at their objects.
  private func pinnable(by session: Writer, in state: State) -> Mask {
    guard live(session.known, in: state).has(session.pin) else { return 0 }
    var chunks = session.needs & Mask(truncatingIfNeeded: state.subjects[session.pin])
    if rules.contains(.damagedObjectsAreNotUsed) {
      chunks &= ~state.stores[session.store].lost
    }
    return chunks
  }

  func upload(_ chunks: Mask, by writer: Int, in state: inout State) {
    let object = upload(chunks, to: state.writers[writer].store, in: &state)
    for chunk in Members(chunks) { state.writers[writer].choices[chunk] = object }
  }

  /// Rule 7: the conditional commit, and what follows when it answers with newer records.
  func commit(_ writer: Int, in state: inout State) {
    var session = state.writers[writer]
    let log = state.stores[session.store].log
    guard mayCommit(at: session.store, in: state) else {
      state.writers[writer] = Writer()
      return
    }
    if session.known != log {
      session.known = log
      lookAgain(&session, in: state)
      state.writers[writer] = session
      // Without the second look nothing has changed its mind: the next request succeeds.
      return
    }
    var uses: Mask = 0
    for chunk in Members(session.needs) where session.choices[chunk] != Writer.pinned {
      uses |= .one(session.choices[chunk])
    }
    writeSnapshot(of: session.needs, uses: uses, at: session.store, in: &state)
    state.writers[writer] = Writer()
  }

  private func lookAgain(_ session: inout Writer, in state: State) {
    let usable = usable(by: session, in: state)
    let pinnable = session.pin == 15 ? 0 : pinnable(by: session, in: state)
    for chunk in Members(session.needs) {
      let choice = session.choices[chunk]
      let isGood =
        switch choice {
        case Writer.open: true
        case Writer.pinned: !rules.contains(.pinIsCheckedAgain) || pinnable.has(chunk)
        default: !rules.contains(.resolvedIsCheckedAgain) || usable.has(choice)
        }
      if !isGood { session.choices[chunk] = Writer.open }
    }
  }
}

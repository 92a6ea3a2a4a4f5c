/// A queue between threads that holds back whoever fills it faster than it is emptied.
package final class BoundedQueue<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element?] = []
    var head = 0
    var isClosed = false

    var count: Int { elements.count - head }

    mutating func popFirst() -> Element? {
      guard count > 0 else { return nil }
      let element = elements[head]
      elements[head] = nil
      head += 1
      if head == elements.count || head > 1024 {
        elements.removeFirst(head)
        head = 0
      }
      return element
    }
  }

  private let state = Monitor(State())
  private let capacity: Int

  /// A queue of at most `capacity` elements.
  package init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
  }

  /// Appends; waits while the queue is full.
  ///
  /// False if it was closed: the element was not taken.
  package func push(_ element: Element) -> Bool {
    state.waitAndUpdate(until: { $0.isClosed || $0.count < capacity }) { state in
      guard !state.isClosed else { return false }
      state.elements.append(element)
      return true
    }
  }

  /// Puts an element before all others, and never waits.
  ///
  /// False if the queue was closed.
  package func pushFront(_ element: Element) -> Bool {
    state.update { state in
      guard !state.isClosed else { return false }
      if state.head > 0 {
        state.head -= 1
        state.elements[state.head] = element
      } else {
        state.elements.insert(element, at: 0)
      }
      return true
    }
  }

  /// The first element; waits while there is none.
  ///
  /// `nil` when the queue is closed and empty.
  package func pop() -> Element? {
    state.waitAndUpdate(until: { $0.isClosed || $0.count > 0 }) { $0.popFirst() }
  }

  /// Up to `limit` elements in their order; waits until there is one.
  ///
  /// Empty when the queue is closed and empty.
  package func pop(upTo limit: Int) -> [Element] {
    state.waitAndUpdate(until: { $0.isClosed || $0.count > 0 }) { state in
      var elements: [Element] = []
      while elements.count < limit, let element = state.popFirst() { elements.append(element) }
      return elements
    }
  }

  /// Takes no more elements; those that are in it can still be popped.
  package func close() {
    state.update { $0.isClosed = true }
  }
}

interface QueuedEvent {
  readonly at: number;
  readonly happen: (now: number) => void;
}

/** Events in virtual time. A binary heap: the earliest event is on top. */
export class EventQueue {
  private readonly heap: QueuedEvent[] = [];

  add(timeAt: number, happen: QueuedEvent['happen']): void {
    this.heap.push({ at: timeAt, happen });
    let n = this.heap.length - 1;
    while (n > 0 && this.at((n - 1) >> 1) > this.at(n)) {
      this.swap(n, (n - 1) >> 1);
      n = (n - 1) >> 1;
    }
  }

  runNext(): void {
    const [first] = this.heap;
    const last = this.heap.pop();
    if (!first || !last) throw new Error('the queue is empty');
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.siftDown();
    }
    first.happen(first.at);
  }

  private siftDown(): void {
    for (let n = 0; ;) {
      const [left, right] = [2 * n + 1, 2 * n + 2];
      const earlier = this.at(right) < this.at(left) ? right : left;
      if (this.at(earlier) >= this.at(n)) return;
      this.swap(n, earlier);
      n = earlier;
    }
  }

  private at(n: number): number {
    return this.heap[n]?.at ?? Number.POSITIVE_INFINITY;
  }

  private swap(n: number, m: number): void {
    const [one, other] = [this.heap[n], this.heap[m]];
    if (one && other) [this.heap[n], this.heap[m]] = [other, one];
  }
}

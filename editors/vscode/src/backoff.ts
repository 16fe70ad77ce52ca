const DELAYS = [0.5, 2, 5, 10].map((seconds) => seconds * 1000);
const FORGIVEN_AFTER = 3 * 60 * 1000;

/** How long to wait before the next start of something that keeps ending. */
export class Backoff {
  private ends: number[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  /** Milliseconds to wait after one more end; undefined when it is time to give up. */
  next(): number | undefined {
    const now = this.now();
    this.ends = [...this.ends.filter((end) => now - end < FORGIVEN_AFTER), now];
    return DELAYS[this.ends.length - 1];
  }

  reset(): void {
    this.ends = [];
  }
}

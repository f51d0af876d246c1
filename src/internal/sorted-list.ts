/** Where an item stands in a {@link SortedList}: by rank, and among equals by `seq`, which no two items share. */
export interface Rank {
  readonly rank: number;
  readonly seq: number;
}

/** Items in order. Finding a place takes a binary search, making room there one move of memory. */
export class SortedList<T extends Rank> {
  readonly #items: T[] = [];

  get items(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    this.#items.splice(this.countBefore(item), 0, item);
  }

  /** Takes out the item with this rank and seq, if it is there. */
  delete(place: Rank): void {
    const at = this.countBefore(place);
    const item = this.#items[at];
    if (item !== undefined && item.rank === place.rank && item.seq === place.seq) this.#items.splice(at, 1);
  }

  /** How many items stand before this place. */
  countBefore(place: Rank): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.#items[middle];
      if (item === undefined || !comesBefore(item, place)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function comesBefore(one: Rank, other: Rank): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.seq < other.seq);
}

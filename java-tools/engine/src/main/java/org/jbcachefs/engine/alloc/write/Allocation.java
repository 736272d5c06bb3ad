// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.List;

/**
 * Sectors that were allocated: the same number on each of some devices. They must be written before
 * a key that points to them is committed; closing, after the commit or when it is given up, lets go
 * of the buckets. What was never committed is free again by itself.
 */
public final class Allocation implements AutoCloseable {
  private final List<Place> places;
  private final int sectors;
  private final OpenBuckets open;
  private final List<Allocation> parts;
  private boolean closed;

  /**
   * Where one copy goes.
   *
   * @param device index of the member
   * @param sector first sector on it
   * @param generation of the bucket: belongs into the pointer
   */
  public record Place(int device, long sector, int generation, long bucket) {}

  Allocation(List<Place> places, int sectors, OpenBuckets open) {
    this.places = List.copyOf(places);
    this.sectors = sectors;
    this.open = open;
    this.parts = List.of();
    places.forEach(place -> open.hold(place.device, place.bucket));
  }

  private Allocation(List<Place> places, int sectors, List<Allocation> parts) {
    this.places = List.copyOf(places);
    this.sectors = sectors;
    this.open = null;
    this.parts = List.copyOf(parts);
  }

  /**
   * Places of two allocations as one, in whose place it is.
   *
   * @param places those of either that count
   */
  public Allocation with(Allocation more, List<Place> places) {
    return new Allocation(places, sectors, List.of(this, more));
  }

  /** The same without some of its places, in whose place it is. */
  public Allocation at(List<Place> some) {
    return new Allocation(some, sectors, List.of(this));
  }

  /** One for each copy, each on another device. */
  public List<Place> places() {
    return places;
  }

  /** Length in sectors; may be less than was asked for. */
  public int sectors() {
    return sectors;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      parts.forEach(Allocation::close);
      if (open != null) {
        places.forEach(place -> open.release(place.device, place.bucket));
      }
    }
  }
}

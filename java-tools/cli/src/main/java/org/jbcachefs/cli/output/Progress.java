// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import java.io.PrintStream;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * One line on a terminal that says how far long work is: items, bytes, rate, and the time left once
 * the total is known. Counting costs next to nothing and may be done by many threads; the line is
 * redrawn at most a few times a second by whoever counts.
 */
public final class Progress implements AutoCloseable {
  private static final long REDRAW_MILLIS = 200;
  private static final String ERASE_LINE = "\r\033[K";

  private volatile String what;
  private final Clock clock;
  private final PrintStream terminal;
  private final int columns;
  private final Object lock;
  private volatile long began;
  private volatile long itemsBefore;
  private volatile double fraction = -1;
  private final LongAdder items = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final AtomicLong drawn;
  private volatile long totalItems = -1;
  private volatile long totalBytes = -1;
  private boolean visible;

  /**
   * @param terminal where to draw; null to draw nowhere
   * @param lock held while drawing
   */
  public Progress(String what, Clock clock, PrintStream terminal, int columns, Object lock) {
    this.what = what;
    this.clock = clock;
    this.terminal = terminal;
    this.columns = columns;
    this.lock = lock;
    this.began = clock.millis();
    this.drawn = new AtomicLong(began);
  }

  /** Whether anyone sees it; what only serves it (counting totals) can be spared otherwise. */
  public boolean shown() {
    return terminal != null;
  }

  /** Another part of the work begins: items, rate and time left are counted anew. */
  public void begin(String part) {
    what = part;
    began = clock.millis();
    itemsBefore = items.sum();
    fraction = 0;
  }

  /** How much of the part that {@link #begin} named is done, 0 to 1. */
  public void fraction(double done) {
    fraction = done;
  }

  /** What all the work will amount to; -1 for what is not known. */
  public void total(long items, long bytes) {
    totalItems = items;
    totalBytes = bytes;
  }

  /** Counts work that was done. */
  public void did(long moreItems, long moreBytes) {
    items.add(moreItems);
    bytes.add(moreBytes);
    if (terminal != null) {
      redraw();
    }
  }

  public long items() {
    return items.sum();
  }

  public long bytes() {
    return bytes.sum();
  }

  private void redraw() {
    long now = clock.millis();
    long last = drawn.get();
    if (now - last < REDRAW_MILLIS || !drawn.compareAndSet(last, now)) {
      return;
    }
    synchronized (lock) {
      String line = line(now);
      terminal.print(
          ERASE_LINE + (line.length() < columns ? line : line.substring(0, columns - 1)));
      terminal.flush();
      visible = true;
    }
  }

  /** The line as it stands at that time. */
  String line(long now) {
    return fraction >= 0 ? partLine(now) : wholeLine(now);
  }

  private String partLine(long now) {
    double seconds = Math.max(now - began, 1) / 1000.0;
    long done = items.sum() - itemsBefore;
    StringBuilder line = new StringBuilder(what).append(": ").append(done);
    double part = fraction;
    if (part > 0) {
      line.append(", ").append(Math.round(part * 100)).append(" %");
    }
    line.append(", ").append((long) (done / seconds)).append(" a second");
    if (part > 0) {
      line.append(", ").append(time((long) (seconds / part - seconds))).append(" left");
    }
    return line.toString();
  }

  private String wholeLine(long now) {
    long doneItems = items.sum();
    long doneBytes = bytes.sum();
    double seconds = Math.max(now - began, 1) / 1000.0;
    StringBuilder line = new StringBuilder(what).append(": ").append(doneItems);
    if (totalItems >= 0) {
      line.append('/').append(totalItems);
    }
    line.append(", ").append(Sizes.iec(doneBytes));
    if (totalBytes >= 0) {
      line.append(" of ").append(Sizes.iec(totalBytes));
    }
    line.append(", ").append(Sizes.iec((long) (doneBytes / seconds))).append("/s");
    line.append(", ").append((long) (doneItems / seconds)).append(" a second");
    double done = fraction(doneItems, doneBytes);
    if (done > 0) {
      line.append(", ").append(time((long) (seconds / done - seconds))).append(" left");
    }
    return line.toString();
  }

  private double fraction(long doneItems, long doneBytes) {
    if (totalBytes > 0) {
      return Math.min(1, (double) doneBytes / totalBytes);
    }
    return totalItems > 0 ? Math.min(1, (double) doneItems / totalItems) : 0;
  }

  private static String time(long seconds) {
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min " + seconds % 60 + " s";
    }
    return seconds / 3600 + " h " + seconds / 60 % 60 + " min";
  }

  /** Takes the line off the terminal; it comes back with the next count. */
  public void erase() {
    synchronized (lock) {
      if (visible) {
        terminal.print(ERASE_LINE);
        terminal.flush();
        visible = false;
      }
    }
  }

  @Override
  public void close() {
    erase();
  }
}

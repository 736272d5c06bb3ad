// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

/** A log whose destination changes once: from the terminal to syslog when a mount goes on alone. */
public final class SwitchedLog implements SessionLog {
  private volatile SessionLog destination;

  public SwitchedLog(SessionLog first) {
    destination = first;
  }

  public void switchTo(SessionLog next) {
    destination = next;
  }

  @Override
  public void remark(String sentence) {
    destination.remark(sentence);
  }

  @Override
  public void warning(String sentence) {
    destination.warning(sentence);
  }

  @Override
  public void defect(String sentence, Throwable trace) {
    destination.defect(sentence, trace);
  }
}

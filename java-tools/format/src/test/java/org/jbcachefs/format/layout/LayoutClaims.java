// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

/** What the constants of one part of the format stand for. */
interface LayoutClaims {
  void claim(Claims claims);
}

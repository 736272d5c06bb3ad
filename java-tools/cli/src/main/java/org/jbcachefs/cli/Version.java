// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

/** This program's version, from the jar it runs from. */
final class Version {
  private static final String UNPACKAGED = "0.1.0-SNAPSHOT";

  private Version() {}

  static String text() {
    String packaged = Version.class.getPackage().getImplementationVersion();
    return packaged == null ? UNPACKAGED : packaged;
  }
}

// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Bringing a filesystem of an older version to this one. {@link
 * org.jbcachefs.engine.upgrade.UpgradeRun} does what the format's table asks for when versions are
 * crossed; each {@link org.jbcachefs.engine.upgrade.UpgradeStep} stands for some of the recovery
 * passes named there, and writes what is of another form in the older version. From the beginning
 * until it is done the superblock asks for those passes, so that whoever takes over after a power
 * cut does them.
 */
package org.jbcachefs.engine.upgrade;

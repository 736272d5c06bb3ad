// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What a change of the metadata version would take: computed from a superblock and the format's
 * tables, without touching a device.
 */
package org.jbcachefs.engine.sb.version;

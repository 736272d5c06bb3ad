// SPDX-License-Identifier: GPL-2.0-or-later
/** What the tests of the command line share: a filesystem in memory, surroundings of a program. */
package org.jbcachefs.cli.testing;

// SPDX-License-Identifier: GPL-2.0-or-later
/** Commands that change what the superblocks of a filesystem say while nothing has it open. */
package org.jbcachefs.cli.settings;

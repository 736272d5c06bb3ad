// SPDX-License-Identifier: GPL-2.0-or-later
/** Holds the whole program to its plan: which module and which package may use which. */
package org.jbcachefs.cli.architecture;

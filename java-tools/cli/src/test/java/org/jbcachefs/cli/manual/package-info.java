// SPDX-License-Identifier: GPL-2.0-or-later
/** Tests of the generated manual pages. */
package org.jbcachefs.cli.manual;

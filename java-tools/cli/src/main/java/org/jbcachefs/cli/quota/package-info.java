// SPDX-License-Identifier: GPL-2.0-or-later
/** Commands about quotas of a mounted filesystem: who has how much, and may have. */
package org.jbcachefs.cli.quota;

// SPDX-License-Identifier: GPL-2.0-or-later
/** Opening a filesystem read-only from its devices; finding what is left of a damaged one. */
package org.jbcachefs.engine.recovery;

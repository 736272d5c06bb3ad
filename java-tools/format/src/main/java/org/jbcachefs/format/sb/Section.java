// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import org.jbcachefs.format.bytes.Bytes;

/**
 * A section's content. Every kind keeps all that it was read from: {@link #encode} gives back the
 * same bytes.
 */
public sealed interface Section
    permits BlacklistSection,
        CleanSection,
        CountersSection,
        CryptSection,
        DiskGroupsSection,
        DowngradeSection,
        ErrorsSection,
        ErrorsV2Section,
        ExtSection,
        ExtentTypesSection,
        JournalSection,
        MembersSection,
        QuotaSection,
        RawSection,
        RecoveryPassesSection,
        ReplicasSection {

  /** Number of the section's type. */
  int type();

  /** Everything behind the section's header, as it is stored; a multiple of 8 bytes. */
  Bytes encode();
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Compiled for 32 and for 64 bit: holds sizes and places of what programs and the module share. */
#include <linux/jbcachefs.h>

#define SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
#define PLACE(type, field, offset) _Static_assert(__builtin_offsetof(struct type, field) == (offset), #type "." #field)

SIZE(jbcachefs_info, 64);
SIZE(jbcachefs_claim, 32);
SIZE(jbcachefs_release, 8);
SIZE(jbcachefs_geometry, 120);
PLACE(jbcachefs_geometry, max_discard, 40);
PLACE(jbcachefs_geometry, name, 64);
SIZE(jbcachefs_claim_entry, 96);
SIZE(jbcachefs_segment, 16);
SIZE(jbcachefs_target, 16);
SIZE(jbcachefs_io, 64);
PLACE(jbcachefs_io, offset, 16);
PLACE(jbcachefs_io, completion, 48);
PLACE(jbcachefs_io, claim, 56);
PLACE(jbcachefs_io, buffer, 60);
SIZE(jbcachefs_completion, 32);
PLACE(jbcachefs_completion, results, 16);
SIZE(jbcachefs_batch, 40);
SIZE(jbcachefs_ring, 40);
SIZE(jbcachefs_ring_head, 128);
SIZE(jbcachefs_buffer, 40);
PLACE(jbcachefs_buffer, buffer, 16);
SIZE(jbcachefs_release_buffer, 8);
PLACE(jbcachefs_ring_head, head, 64);
SIZE(jbcachefs_event, 32);
SIZE(jbcachefs_register, 120);
SIZE(jbcachefs_filesystem, 144);
SIZE(jbcachefs_call, 72);
SIZE(jbcachefs_receive, 56);
SIZE(jbcachefs_reply, 40);

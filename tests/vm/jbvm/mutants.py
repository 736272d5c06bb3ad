# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways to break the kernel module, each with the tests that have to notice.

A test that has never failed shows nothing. Each mutant replaces a few lines of kmod/, which have to be there exactly once.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Mutant:
    """``edits``: (file, what is there, what comes in its place). ``ends``: the kernel is of no use after it: it comes last in its boot.
    ``debug``: only a kernel that checks itself notices."""

    name: str
    edits: tuple
    program: str
    tests: tuple
    ends: bool = False
    debug: bool = False


def _of(name, file, old, new, tests, **how):
    program, *names = tests.split()
    return Mutant(name, ((file, old, new),), program, tuple(names), **how)


MUTANTS = (
    # --- who gets in, who is kept out ---
    _of("no-exclusion", "claim.c", "RESTRICT_WRITES, claim, &claim_holder_ops);", "RESTRICT_WRITES, NULL, NULL);",
        "shim-life claims_keep_everyone_else_out mounting_is_refused_while_claimed"),
    _of("no-group", "main.c", "return (inode->i_mode & 0060) == 0060 && in_egroup_p(inode->i_gid);", "return (inode->i_mode & 0060) == 0060;",
        "shim-refusals the_mode_of_the_node_alone_lets_nobody_in"),
    _of("no-group-mode", "main.c", "return (inode->i_mode & 0060) == 0060 && in_egroup_p(inode->i_gid);", "return in_egroup_p(inode->i_gid);",
        "shim-refusals the_mode_of_the_node_alone_lets_nobody_in"),
    _of("no-write-permission", "claim.c", "error = file_permission(file, MAY_WRITE);", "error = 0;",
        "shim-refusals ordinary_users_need_the_nodes_group_and_their_memory_limit_counts"),
    _of("no-block-device", "claim.c", "if (!S_ISBLK(file_inode(file)->i_mode))", "if (false)",
        "shim-refusals ioctls_that_make_no_sense_are_refused"),
    _of("no-restriction", "compat.h", "\t\tmode |= BLK_OPEN_RESTRICT_WRITES;", "\t\t;",
        "shim-life others_writes_are_restricted_where_the_kernel_can"),
    _of("writes-by-readers", "request.c", "if (request->opcode != JBCACHEFS_OP_READ && !target->claim->writable)", "if (false)",
        "shim-refusals requests_that_make_no_sense_are_refused"),
    _of("no-write-back", "claim.c", "error = sync_blockdev(bdev);", "error = 0;", "shim-io a_claim_begins_with_all_that_others_wrote"),
    # --- requests ---
    _of("beyond-the-end", "request.c", "request->length > size - target->offset))", "request->length > size))",
        "shim-refusals requests_that_make_no_sense_are_refused"),
    _of("any-sum", "request.c", "return sum == io->length ? 0 : -EINVAL;", "return 0;",
        "shim-refusals requests_that_make_no_sense_are_refused"),
    _of("buffer-of-a-flush", "request.c", "if (io->opcode > JBCACHEFS_OP_WRITE_ZEROES || (io->buffer && !memory))",
        "if (io->opcode > JBCACHEFS_OP_WRITE_ZEROES)", "shim-refusals requests_that_make_no_sense_are_refused"),
    _of("beyond-the-buffer", "buffer.c", " || length > buffer->length - into)", ")", "shim-refusals requests_that_make_no_sense_are_refused"),
    _of("before-the-buffer", "buffer.c", "if (into > buffer->length ||", "if (", "shim-refusals requests_that_make_no_sense_are_refused", ends=True),
    _of("the-page-before", "buffer.c", "(address - (buffer->address & PAGE_MASK)) >> PAGE_SHIFT;", "(address - buffer->address) >> PAGE_SHIFT;",
        "shim-io registered_memory_is_written_and_read"),
    _of("runs-of-any-pages", "buffer.c", "if (buffer->vector_count && continues(run - 1, page)) {", "if (buffer->vector_count) {",
        "shim-io registered_memory_is_written_and_read", ends=True),
    _of("the-buffers-start", "request.c", "jb_bio_use(bio, request->buffer->vectors + pinned->first,", "jb_bio_use(bio, request->buffer->vectors,",
        "shim-io registered_memory_is_written_and_read registered_segments_go_to_many_places"),
    _of("whole-pages", "request.c", "jb_buffer_vectors(request->buffer, pinned), pinned->offset,", "jb_buffer_vectors(request->buffer, pinned), 0,", "shim-io registered_memory_is_written_and_read"),
    _of("buffers-at-one-offset", "request.c", "u64 at = target->offset;\n\tunsigned int segment;", "u64 at = request->targets[0].offset;\n\tunsigned int segment;",
        "shim-io registered_segments_go_to_many_places"),
    _of("segments-at-one-place", "request.c", "\t\tsend_bio(bio);\n\t\tat += pinned->length;\n", "\t\tsend_bio(bio);\n",
        "shim-io registered_segments_go_to_many_places"),
    _of("buffer-stays-pinned", "buffer.c", "\t\tunpin_user_page_range_dirty_lock(run->bv_page, run->bv_len >> PAGE_SHIFT, true);\n",
        "\t\t(void)run;\n",
        "shim-io registered_memory_is_written_and_read"),
    _of("buffer-never-given-back", "request.c", "\tif (request->buffer)\n\t\tjb_buffer_put(request->buffer);\n}", "}",
        "shim-async registered_memory_serves_rings_and_io_uring"),
    _of("buffers-of-any-number", "buffer.c", "XA_LIMIT(1, JBCACHEFS_MAX_BUFFERS)", "XA_LIMIT(1, 2 * JBCACHEFS_MAX_BUFFERS)",
        "shim-refusals buffers_that_make_no_sense_are_refused"),
    _of("constant-buffer", "buffer.c", "FOLL_WRITE | FOLL_LONGTERM, pinned);", "FOLL_LONGTERM, pinned);", "shim-refusals buffers_that_make_no_sense_are_refused"),
    _of("uncounted-buffer", "buffer.c", "error = jb_session_lock_pages(session, pages);", "error = 0;\n\tpages += 0;",
        "shim-refusals ordinary_users_need_the_nodes_group_and_their_memory_limit_counts"),
    _of("larger-structures", "main.c", "error = copy_struct_from_user(&argument, size, user, given_size);",
        "error = copy_from_user(&argument, user, min(size, given_size)) ? -EFAULT : 0;", "shim-refusals ioctls_that_make_no_sense_are_refused"),
    _of("no-fua", "request.c", "\t\tflags |= REQ_FUA;", "\t\t;", "shim-io flags_reach_the_block_layer"),
    _of("no-preflush", "request.c", "\t\tflags |= REQ_PREFLUSH;", "\t\t;", "shim-io flushes_reach_the_device"),
    _of("no-meta", "request.c", "\t\tflags |= REQ_META;", "\t\t;", "shim-io flags_reach_the_block_layer"),
    _of("no-flush", "request.c", "\t\telse if (request->opcode == JBCACHEFS_OP_FLUSH)", "\t\telse if (false)", "shim-io flushes_reach_the_device"),
    _of("stale-cache", "request.c", "\tif (request->in_task && wrote(request) && has_cache(request))\n\t\tdrop_caches(request);\n", "",
        "shim-io the_nodes_page_cache_shows_what_was_written"),
    _of("clean-pages", "request.c", "return !still_dirty(request);", "return false;",
        "shim-async reads_by_the_ring_reach_a_file_that_is_written_back_meanwhile"),
    _of("one-target", "request.c", "\t\tif (request->buffer)\n\t\t\tsend_buffer(target);",
        "\t\tif (has_memory(request) && i)\n\t\t\tcontinue;\n\t\tif (request->buffer)\n\t\t\tsend_buffer(target);",
        "shim-io one_write_goes_to_many_places registered_segments_go_to_many_places"),
    _of("one-offset", "request.c", "u64 at = target->offset;\n\tunsigned int segment, in_bio", "u64 at = request->targets[0].offset;\n\tunsigned int segment, in_bio", "shim-io one_write_goes_to_many_places"),
    _of("second-bio-at-the-start", "request.c", "bio = new_bio(target, at, request->page_count - page);",
        "bio = new_bio(target, target->offset, request->page_count - page);", "shim-io what_is_written_is_on_the_device"),
    _of("discard-of-nothing", "request.c",
        "\tif (target->request->opcode == JBCACHEFS_OP_DISCARD && !bdev_max_discard_sectors(bdev))\n\t\treturn -EOPNOTSUPP;\n", "",
        "shim-io what_a_device_cannot_do_is_told"),
    _of("fallback", "request.c", "\t\tflags |= BLKDEV_ZERO_NOFALLBACK;", "\t\t;", "shim-io what_a_device_cannot_do_is_told"),
    _of("writes-read-only", "request.c", "\tif (wrote(target->request) && bdev_read_only(bdev))\n\t\treturn -EROFS;\n", "",
        "shim-life a_new_size_and_read_only_are_told"),
    _of("pages-stay-pinned", "request.c", "\telse\n\t\tunpin_user_pages(request->pages, request->page_count);\n\tfree_pages_array(request);\n\tif",
        "\tfree_pages_array(request);\n\tif", "shim-io what_is_written_is_on_the_device"),
    # --- limits ---
    _of("no-limit", "main.c", "\t\treturn -EAGAIN;\n\tsession->inflight++;", "\t\t;\n\tsession->inflight++;",
        "shim-async the_memory_under_way_is_limited"),
    _of("no-memory-limit", "main.c", "if (locked <= most || session->unlimited)", "if (locked <= most || true)",
        "shim-refusals ordinary_users_need_the_nodes_group_and_their_memory_limit_counts"),
    _of("free-ring", "ring.c", "error = jb_session_lock_pages(session, ring->bytes >> PAGE_SHIFT);", "error = 0;",
        "shim-refusals ordinary_users_need_the_nodes_group_and_their_memory_limit_counts"),
    _of("nothing-given-back", "main.c", "\tsession->inflight_bytes -= bytes;\n", "", "shim-async a_batch_larger_than_the_limits_is_done_in_parts"),
    _of("in-flight-unseen", "claim.c", "max_t(int, refcount_read(&claim->refs) - 2, 0);", "0;", "shim-async the_memory_under_way_is_limited"),
    # --- the ring, io_uring ---
    _of("overfull-ring", "ring.c", "if (ring->reserved + unseen(ring) >= ring->entries)", "if (ring->reserved >= ring->entries)",
        "shim-async the_ring_tells_what_is_wrong_with_a_request"),
    _of("no-eventfd", "ring.c", "\t\tjb_eventfd_signal(ring->eventfd);", "\t\t;", "shim-async the_ring_completes_everything_once"),
    _of("no-poll", "main.c", "\t\tready |= EPOLLRDBAND;", "\t\t;", "shim-async the_ring_tells_what_is_wrong_with_a_request"),
    _of("small-entries", "uring.c", "if (!(issue_flags & IO_URING_F_SQE128) || cmd->flags & IORING_URING_CMD_FIXED)", "if (false)",
        "shim-async io_uring_does_the_same"),
    _of("no-completion", "uring.c", "if (address && !(current->flags & PF_KTHREAD) &&", "if (address && false &&",
        "shim-async io_uring_does_the_same"),
    # --- events ---
    _of("death-untold", "claim.c", "\tjb_event_post(claim, JBCACHEFS_EVENT_DEAD, surprise);\n", "",
        "shim-life a_device_that_is_pulled_out_is_told_and_fails_fast"),
    _of("death-unseen", "claim.c",
        "return test_bit(JB_CLAIM_DEAD, &claim->state) ||\n\t       test_bit(GD_DEAD, &claim->bdev.bdev->bd_disk->state);", "return false;",
        "shim-life a_device_that_is_pulled_out_is_told_and_fails_fast"),
    _of("size-untold", "event.c", "\t\tjb_event_post(claim, JBCACHEFS_EVENT_RESIZED, size);\n", "", "shim-life a_new_size_and_read_only_are_told"),
    _of("read-only-untold", "event.c", "\t\tjb_event_post(claim, JBCACHEFS_EVENT_READ_ONLY, read_only);\n", "",
        "shim-life a_new_size_and_read_only_are_told"),
    _of("wrong-target-failed", "request.c", "completion->failed |= BIT(i);", "completion->failed |= 1;",
        "shim-life a_device_that_is_pulled_out_is_told_and_fails_fast"),
    # --- control ---
    _of("same-uuid-twice", "control.c", "else if (find_filesystem(filesystem->uuid))", "else if (false)", "shim-control filesystems_are_listed"),
    _of("calls-without-limit", "control.c", "} else if (filesystem->calls >= JBCACHEFS_MAX_CALLS) {", "} else if (false) {",
        "shim-control too_many_waiting_calls_are_refused"),
    _of("no-time-limit", "control.c", "long most = args->timeout_ms ? msecs_to_jiffies(args->timeout_ms) : MAX_SCHEDULE_TIMEOUT;",
        "long most = MAX_SCHEDULE_TIMEOUT;", "shim-control calls_have_limits"),
    _of("lost-call", "control.c", "\t\tlist_move(&call->link, &call->filesystem->waiting);\n", "",
        "shim-control a_daemon_receives_with_too_small_a_buffer_again"),
    _of("any-answer", "control.c", "\t\t\tif (call->id != args->id)\n\t\t\t\tcontinue;\n", "", "shim-control answers_find_their_calls_in_any_order"),
    # --- what only ends with the kernel ---
    _of("leaked-requests", "request.c", "void jb_request_free(struct jb_request *request)\n{\n\tkmem_cache_free(request_cache, request);",
        "void jb_request_free(struct jb_request *request)\n{", "shim-io what_is_written_is_on_the_device", ends=True),
    _of("calls-of-the-dead", "control.c", "\t\tfail_calls(&filesystem->taken);\n", "", "shim-control a_daemons_death_fails_its_calls", ends=True),
    _of("claims-of-the-dead", "main.c", "\tjb_claims_release_all(session);\n", "", "shim-life claims_keep_everyone_else_out", ends=True),
    _of("unloaded-while-open", "main.c", "\t.owner = THIS_MODULE,\n", "", "shim-life the_module_stays_while_the_node_is_open", ends=True),
    # --- what only a kernel that checks itself notices ---
    _of("sleep-under-a-lock", "ring.c", "\tready = unseen(ring);\n", "\tkfree(kmalloc(8, GFP_KERNEL));\n\tready = unseen(ring);\n",
        "shim-async the_ring_completes_everything_once", debug=True),
    _of("used-after-freed", "claim.c", "\tlist_del(&claim->event_link);\n\twake_up(&session->credit);",
        "\tlist_del(&claim->event_link);\n\tkfree(claim);\n\tclaim->pid = 0;\n\tclaim = kzalloc(sizeof(*claim), GFP_ATOMIC);\n\twake_up(&session->credit);",
        "shim-life claims_keep_everyone_else_out", debug=True, ends=True),
    Mutant("locks-both-ways", (
        ("claim.c", "\tmutex_lock(&claims_lock);\n\tclaim->serial = ++last_serial;\n\tlist_add_tail(&claim->all_link, &all_claims);\n",
         "\tmutex_lock(&claims_lock);\n\tclaim->serial = ++last_serial;\n\tlist_add_tail(&claim->all_link, &all_claims);\n"
         "\tmutex_lock(&claim->session->setup_lock);\n\tmutex_unlock(&claim->session->setup_lock);\n"),
        ("claim.c", "\t\targs->claim = claim->id;\n", "\t\targs->claim = claim->id;\n\tmutex_lock(&claims_lock);\n\tmutex_unlock(&claims_lock);\n")),
        "shim-life", ("claims_keep_everyone_else_out",), debug=True, ends=True),
)

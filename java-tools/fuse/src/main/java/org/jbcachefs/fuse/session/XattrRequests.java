// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.transport.Request;

/** GETXATTR and LISTXATTR: stored attributes, and the options of an inode under bcachefs names. */
final class XattrRequests {
  private static final byte[] OPTION_PREFIX = ascii("bcachefs");
  private static final byte[] TRUSTED_PREFIX = ascii("trusted.");

  /** Bytes of the reply that only tells a size ({@code struct fuse_getxattr_out}). */
  private static final int SIZE_REPLY = 8;

  private final Namespace namespace;

  XattrRequests(Namespace namespace) {
    this.namespace = namespace;
  }

  int get(Request request, FileId file) {
    byte[] name = request.name();
    Optional<byte[]> value =
        startsWith(name, OPTION_PREFIX) ? option(file, name) : namespace.xattr(file, name);
    return value.map(bytes -> reply(request, bytes)).orElse(-Errno.ENODATA);
  }

  private Optional<byte[]> option(FileId file, byte[] name) {
    return namespace.optionXattrs(file).stream()
        .filter(xattr -> Arrays.equals(xattr.name(), name))
        .map(Namespace.Xattr::value)
        .findFirst();
  }

  int list(Request request, FileId file) {
    boolean privileged = request.uid() == 0;
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (byte[] name : namespace.listXattrs(file)) {
      if (privileged || !startsWith(name, TRUSTED_PREFIX)) {
        add(names, name);
      }
    }
    for (Namespace.Xattr xattr : namespace.optionXattrs(file)) {
      add(names, xattr.name());
    }
    return reply(request, names.toByteArray());
  }

  private static void add(ByteArrayOutputStream names, byte[] name) {
    names.writeBytes(name);
    names.write(0);
  }

  /** The value, or how long it is if that is what was asked for. */
  private static int reply(Request request, byte[] value) {
    long room = Integer.toUnsignedLong(request.argument32(0));
    if (room == 0) {
      Wire.u64(request.reply(), 0, value.length);
      return SIZE_REPLY;
    }
    if (value.length > Math.min(room, request.reply().byteSize())) {
      return -Errno.ERANGE;
    }
    Wire.bytes(request.reply(), 0, value);
    return value.length;
  }

  private static boolean startsWith(byte[] name, byte[] prefix) {
    return name.length >= prefix.length
        && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

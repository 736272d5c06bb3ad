// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;

/**
 * Copies extended attributes; those that the destination cannot hold, and the options (bcachefs.*),
 * go to the list if there is one. Thread-safe.
 */
final class XattrCopy {
  private static final byte[] OPTION_PREFIX = {'b', 'c', 'a', 'c', 'h', 'e', 'f', 's', '.'};

  private final Namespace namespace;
  private final XattrList list;
  private final LongAdder notKept = new LongAdder();

  /** Sets one xattr of whatever is being made. */
  interface Setter {
    void set(byte[] name, byte[] value) throws DestinationException;
  }

  /**
   * @param list null if there is none
   */
  XattrCopy(Namespace namespace, XattrList list) {
    this.namespace = namespace;
    this.list = list;
  }

  /**
   * Copies all xattrs of a file.
   *
   * @param pathFromRoot for the list: from the destination, without leading '/'
   */
  void copy(FileId file, byte[] pathFromRoot, Setter setter) throws IOException {
    XattrList.Entries left = new XattrList.Entries();
    for (byte[] name : namespace.listXattrs(file)) {
      Optional<byte[]> value = namespace.xattr(file, name);
      if (value.isPresent() && !set(setter, name, value.get())) {
        left.add(name, value.get());
        notKept.increment();
      }
    }
    if (list != null) {
      addOptions(file, left);
      list.write(pathFromRoot, left);
    }
  }

  private void addOptions(FileId file, XattrList.Entries left) {
    for (Namespace.Xattr option : namespace.optionXattrs(file)) {
      if (startsWith(option.name(), OPTION_PREFIX)) {
        left.add(option.name(), option.value());
      }
    }
  }

  private static boolean startsWith(byte[] name, byte[] prefix) {
    return name.length >= prefix.length
        && java.util.Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static boolean set(Setter setter, byte[] name, byte[] value) throws DestinationException {
    try {
      setter.set(name, value);
      return true;
    } catch (DestinationException e) {
      if (e.isFatalForXattrs()) {
        throw e;
      }
      return false;
    }
  }

  /** How many the destination could not hold. */
  long notKept() {
    return notKept.sum();
  }

  boolean listed() {
    return list != null;
  }
}

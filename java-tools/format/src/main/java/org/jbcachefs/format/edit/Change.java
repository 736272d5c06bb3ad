// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.tables.DataType;

/**
 * What becomes of one field: {@code NAME=VALUE}, or {@code +=}, {@code -=}, {@code |=}, {@code ^=}.
 * Numbers are decimal, negative too, or hexadecimal after 0x; U32_MAX and U64_MAX are known, and so
 * are the names of key types, btrees and data types.
 */
public record Change(String name, Operator operator, String text) {
  private static final Pattern FORM = Pattern.compile("([^=+|^-][^=+|^]*?)([-+|^]?=)(.*)");

  /** How the old and the given number make the new one. */
  public enum Operator {
    SET("="),
    ADD("+="),
    SUBTRACT("-="),
    OR("|="),
    XOR("^=");

    private final String sign;

    Operator(String sign) {
      this.sign = sign;
    }
  }

  /**
   * Reads a change as people write it.
   *
   * @throws RefusedException {@code bad_edit} if it is none
   */
  public static Change parse(String word) {
    Matcher matcher = FORM.matcher(word);
    if (matcher.matches()) {
      for (Operator operator : Operator.values()) {
        if (operator.sign.equals(matcher.group(2))) {
          return new Change(matcher.group(1), operator, matcher.group(3));
        }
      }
    }
    throw bad("'" + word + "' is no change; expected FIELD=VALUE");
  }

  /** The given number. */
  public long number() {
    return number(text);
  }

  /** The number that a field gets that has {@code old} now. */
  public long apply(long old) {
    long given = number();
    return switch (operator) {
      case SET -> given;
      case ADD -> old + given;
      case SUBTRACT -> old - given;
      case OR -> old | given;
      case XOR -> old ^ given;
    };
  }

  /** Changes that field. */
  public void apply(NamedField field, java.lang.foreign.MemorySegment bytes) {
    long value = apply(field.get(bytes));
    if (!field.holds(value)) {
      throw bad(field.name() + " has " + field.bits().bits() + " bits, too few for " + text);
    }
    field.put(bytes, value);
  }

  /** The given text as bytes: hexadecimal digits. */
  public byte[] hex() {
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException _) {
      throw bad("'" + text + "' is no run of bytes in hexadecimal");
    }
  }

  /** A number as people write it; throws RefusedException "bad_edit" if it is none. */
  public static long number(String text) {
    return switch (text) {
      case "U8_MAX" -> 0xff;
      case "U16_MAX" -> 0xffff;
      case "U32_MAX" -> 0xffffffffL;
      case "U64_MAX" -> -1;
      default -> digits(text);
    };
  }

  private static long digits(String text) {
    try {
      if (text.startsWith("0x")) {
        return Long.parseUnsignedLong(text.substring(2), 16);
      }
      return text.startsWith("-") ? Long.parseLong(text) : Long.parseUnsignedLong(text);
    } catch (NumberFormatException _) {
      return named(text);
    }
  }

  private static long named(String text) {
    String name = text.toLowerCase(Locale.ROOT);
    for (KeyType type : KeyType.values()) {
      if (name.equals("type:" + type)) {
        return type.number();
      }
    }
    for (BtreeId btree : BtreeId.values()) {
      if (name.equals("btree:" + btree)) {
        return btree.number();
      }
    }
    for (DataType type : DataType.values()) {
      if (name.equals("data:" + type)) {
        return type.number();
      }
    }
    throw bad("'" + text + "' is no number");
  }

  /** The refusal of something that cannot be understood. */
  public static RefusedException bad(String what) {
    return new RefusedException("bad_edit", Place.structure("edit"), what);
  }
}

// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jbcachefs.format.bytes.BitRange;

/** Collects what is claimed of the layout file's facts, and compares. */
final class Claims {
  /** Facts by their line up to the value, e.g. "F bkey size" and "16 __u32". */
  private final Map<String, String> facts;

  private final Map<String, String> open;
  private final List<String> wrong = new ArrayList<>();
  private final Map<String, String> setAside = new TreeMap<>();

  Claims(List<String> lines) {
    facts = new LinkedHashMap<>();
    for (String line : lines) {
      if (!line.isEmpty() && !line.startsWith("#")) {
        add(line.split(" ", -1));
      }
    }
    open = new LinkedHashMap<>(facts);
  }

  private void add(String... words) {
    int keyWords =
        switch (words[0]) {
          case "S", "C", "M" -> 2;
          default -> 3;
        };
    String key = String.join(" ", List.of(words).subList(0, keyWords));
    facts.put(key, String.join(" ", List.of(words).subList(keyWords, words.length)));
  }

  /** The struct takes that many bytes, flexible parts not counted. */
  Claims size(String struct, int bytes) {
    return claim("S " + struct, Integer.toString(bytes), 1);
  }

  /** The field begins at that byte. */
  Claims offset(String struct, String field, int offset) {
    return claim("F " + struct + " " + field, Integer.toString(offset), 1);
  }

  /** The bit field lies in those bits, counted from the struct's first. */
  Claims bitField(String struct, String field, int first, int bits) {
    return claim("B " + struct + " " + field, first + " " + bits, 2);
  }

  /** The same, for a range within the word that begins at that byte of the struct. */
  Claims bitField(String struct, String field, int wordOffset, BitRange range) {
    return bitField(struct, field, 8 * wordOffset + range.first(), range.bits());
  }

  /** The named bits of a word, as "struct word first end". */
  Claims mask(String name, String struct, String word, BitRange range) {
    return claim("M " + name, struct + " " + word + " " + range.first() + " " + range.end(), 4);
  }

  Claims constant(String name, long value) {
    String fact = facts.getOrDefault("C " + name, "");
    return claim("C " + name, value + (fact.endsWith("U") ? "U" : ""), 1);
  }

  /** One constant of an enumeration. */
  Claims enumerator(String enumeration, String name, long value) {
    return claim("E " + enumeration + " " + name, Long.toString(value), 1);
  }

  /** All constants of an enumeration: the prefix and the format's name, and the number. */
  <T> Claims enumeration(
      String enumeration,
      String prefix,
      T[] constants,
      Function<T, String> name,
      ToLongFunction<T> number) {
    for (T constant : constants) {
      enumerator(enumeration, prefix + name.apply(constant), number.applyAsLong(constant));
    }
    return this;
  }

  /** Nothing is declared for facts whose key begins like that, for a reason. */
  Claims setAside(String keyStart, String reason) {
    List<String> keys = open.keySet().stream().filter(key -> key.startsWith(keyStart)).toList();
    if (keys.isEmpty()) {
      wrong.add(keyStart + ": set aside, but there is no such open fact");
    }
    for (String key : keys) {
      open.remove(key);
      setAside.put(key, reason);
    }
    return this;
  }

  private Claims claim(String key, String value, int words) {
    String fact = facts.get(key);
    if (fact == null) {
      wrong.add(key + ": the layout file has no such fact");
      return this;
    }
    String comparable = String.join(" ", List.of(fact.split(" ", -1)).subList(0, words));
    if (!comparable.equals(value)) {
      wrong.add(key + ": declared as " + value + ", the layout file says " + comparable);
    }
    open.remove(key);
    return this;
  }

  /** Claims that do not agree with the file. */
  List<String> wrong() {
    return wrong;
  }

  /** Facts that nobody claims. */
  List<String> open() {
    return List.copyOf(open.keySet());
  }

  Map<String, String> setAside() {
    return setAside;
  }

  int count() {
    return facts.size();
  }
}

// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.edit.Change;

/**
 * One statement of the editing language: words separated by blanks, quoted with ' or " where they
 * hold blanks.
 *
 * <pre>
 *   get    BTREE[:LEVEL] POS                    show a key and its fields
 *   set    BTREE[:LEVEL] POS CHANGE...          change a key's fields; pos=... moves it
 *   insert BTREE[:LEVEL] POS TYPE [CHANGE...]   put a new key there; its value begins empty
 *   copy   BTREE[:LEVEL] POS TO [CHANGE...]     put a changed copy of a key at another position
 *   delete BTREE[:LEVEL] POS                    take a key out
 *   kill   BTREE:LEVEL:INDEX [DEVICE]           overwrite a node's first block with zeros
 *   node   BTREE:LEVEL POS [CHANGE...]          fields of the node that covers POS
 *   root   BTREE [CHANGE...]                    fields of the pointer to a root
 *   get    sb [FIELD...]                        show superblock fields, all if none is named
 *   set    sb CHANGE...                         change them on every device, or on one: sb@2
 *   section TYPE delete|HEX                     drop or replace a superblock section
 *   journal SEQ [CHANGE...]                     fields of a journal entry
 *   poke   DEVICE OFFSET HEX                    raw bytes on a device, no checksum made right
 * </pre>
 *
 * <p>A target may name the node that receives the key by any position in it, {@code
 * extents@4096:0}, however far from there the key's own position is. Changes are those of {@link
 * Change}; fields those of {@link org.jbcachefs.format.edit.KeyEditor} and {@link
 * org.jbcachefs.format.edit.SuperblockFields}.
 *
 * @param verb the first word
 * @param words the others
 * @param text the whole
 */
record Statement(String verb, List<String> words, String text) {
  Statement {
    words = List.copyOf(words);
  }

  /** Reads a statement; throws RefusedException "bad_edit" if there is nothing in it. */
  static Statement parse(String text) {
    List<String> words = split(text);
    if (words.isEmpty()) {
      throw Change.bad("an empty statement");
    }
    return new Statement(words.getFirst(), words.subList(1, words.size()), text.strip());
  }

  /** The word at that index; throws RefusedException "bad_edit" if there are too few. */
  String word(int index) {
    if (index >= words.size()) {
      throw Change.bad("'" + text + "' lacks a word");
    }
    return words.get(index);
  }

  /** The words from that index on as changes. */
  List<Change> changes(int from) {
    return words.stream().skip(from).map(Change::parse).toList();
  }

  private static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = null;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quote != 0 ? c == quote : c == '\'' || c == '"') {
        word = word == null ? new StringBuilder() : word;
        quote = quote == 0 ? c : 0;
      } else if (quote == 0 && Character.isWhitespace(c)) {
        if (word != null) {
          words.add(word.toString());
        }
        word = null;
      } else {
        word = (word == null ? new StringBuilder() : word).append(c);
      }
    }
    if (quote != 0) {
      throw Change.bad("'" + text + "' has an open quotation");
    }
    if (word != null) {
      words.add(word.toString());
    }
    return words;
  }
}

// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.Map;

/**
 * JSON as the contract wants it, streamed: integers beyond 2^53 become strings, null stands for
 * absent, names that are no UTF-8 come with a {@code *_hex} sibling. Keys are snake_case. Belongs
 * to one thread.
 */
public final class JsonWriter {
  private static final long EXACT_IN_A_DOUBLE = 1L << 53;

  private final JsonGenerator generator;

  JsonWriter(TextWriter text) {
    try {
      generator =
          new JsonFactory()
              .createGenerator(new TextSink(text), JsonEncoding.UTF8)
              .disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM)
              .disable(JsonGenerator.Feature.AUTO_CLOSE_JSON_CONTENT);
      generator.setRootValueSeparator(new SerializedString("\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public JsonWriter beginObject() {
    return did(JsonGenerator::writeStartObject);
  }

  public JsonWriter beginObject(String key) {
    return key(key).beginObject();
  }

  public JsonWriter endObject() {
    return did(JsonGenerator::writeEndObject);
  }

  public JsonWriter beginArray() {
    return did(JsonGenerator::writeStartArray);
  }

  public JsonWriter beginArray(String key) {
    return key(key).beginArray();
  }

  public JsonWriter endArray() {
    return did(JsonGenerator::writeEndArray);
  }

  public JsonWriter key(String key) {
    return did(g -> g.writeFieldName(key));
  }

  public JsonWriter field(String key, long number) {
    return key(key).value(number);
  }

  public JsonWriter field(String key, boolean truth) {
    return key(key).value(truth);
  }

  public JsonWriter field(String key, double number) {
    return key(key).did(g -> g.writeNumber(number));
  }

  /** A string, or null for absent. */
  public JsonWriter field(String key, String text) {
    return key(key).value(text);
  }

  /** An unsigned 64-bit number. */
  public JsonWriter unsigned(String key, long number) {
    return key(key).unsigned(number);
  }

  /** A tree of maps, lists, strings, numbers, booleans and nulls. */
  public JsonWriter field(String key, Object tree) {
    return key(key).value(tree);
  }

  /** A name or path of raw bytes; with {@code key_hex} beside it if it is no UTF-8. */
  public JsonWriter name(String key, byte[] name) {
    if (name == null) {
      return nothing(key);
    }
    if (Names.isUtf8(name)) {
      return field(key, Names.decode(name));
    }
    return field(key, Names.printableString(name))
        .field(key + "_hex", HexFormat.of().formatHex(name));
  }

  /** What a stream holds up to its end, in base64; it is written as it is read. */
  public JsonWriter base64(String key, InputStream bytes) {
    return key(key).did(g -> g.writeBinary(bytes, -1));
  }

  public JsonWriter nothing(String key) {
    return key(key).did(JsonGenerator::writeNull);
  }

  public JsonWriter value(long number) {
    boolean exact = number <= EXACT_IN_A_DOUBLE && number >= -EXACT_IN_A_DOUBLE;
    return exact ? did(g -> g.writeNumber(number)) : value(Long.toString(number));
  }

  public JsonWriter unsigned(long number) {
    return number >= 0 ? value(number) : value(Long.toUnsignedString(number));
  }

  public JsonWriter value(boolean truth) {
    return did(g -> g.writeBoolean(truth));
  }

  /** Lone surrogates, which JSON cannot carry in UTF-8, are written as U+FFFD. */
  public JsonWriter value(String text) {
    if (text == null) {
      return did(JsonGenerator::writeNull);
    }
    return did(g -> g.writeString(wellFormed(text)));
  }

  private static String wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        return text.codePoints()
            .map(p -> p >= 0xd800 && p <= 0xdfff ? 0xfffd : p)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
      }
    }
    return text;
  }

  /** A tree of maps, iterables, strings, numbers, booleans and nulls. */
  public JsonWriter value(Object tree) {
    return switch (tree) {
      case null -> did(JsonGenerator::writeNull);
      case Map<?, ?> map -> {
        beginObject();
        map.forEach((key, value) -> key(String.valueOf(key)).value(value));
        yield endObject();
      }
      case Iterable<?> list -> {
        beginArray();
        list.forEach(this::value);
        yield endArray();
      }
      case Boolean truth -> value(truth.booleanValue());
      case Double number -> did(g -> g.writeNumber(number));
      case Number number -> value(number.longValue());
      default -> value(String.valueOf(tree));
    };
  }

  void newline() {
    did(g -> g.writeRaw('\n'));
  }

  void flush() {
    did(JsonGenerator::flush);
  }

  private interface Step {
    void to(JsonGenerator generator) throws IOException;
  }

  private JsonWriter did(Step step) {
    try {
      step.to(generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** Lets the generator write through the text's buffer; failures pass unchecked. */
  private static final class TextSink extends OutputStream {
    private final TextWriter text;

    TextSink(TextWriter text) {
      this.text = text;
    }

    @Override
    public void write(int b) {
      text.bytes(new byte[] {(byte) b});
    }

    @Override
    public void write(byte[] raw, int offset, int length) {
      text.bytes(raw, offset, length);
    }
  }
}

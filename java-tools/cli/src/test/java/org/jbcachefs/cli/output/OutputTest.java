// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class OutputTest {
  private final ByteArrayOutputStream sink = new ByteArrayOutputStream();

  private String printed() {
    return sink.toString(StandardCharsets.UTF_8);
  }

  private Output output(Output.Form form) {
    return new Output(sink, form, "show");
  }

  @Test
  void jsonIsOneObjectWithTheDataInIt() {
    Output out = output(Output.Form.JSON);
    out.filesystem(UUID.fromString("00000000-0000-0000-0000-000000000007"));
    out.data().beginObject().field("x", 1).endObject();
    out.finish();
    assertEquals(
        "{\"jbcachefs_json\":1,\"command\":\"show\","
            + "\"filesystem\":\"00000000-0000-0000-0000-000000000007\","
            + "\"data\":{\"x\":1},\"errors\":[]}\n",
        printed());
  }

  @Test
  void aListWithoutItemsIsAnEmptyList() {
    Output out = output(Output.Form.JSON);
    out.beginList();
    out.finish();
    assertEquals(
        "{\"jbcachefs_json\":1,\"command\":\"show\",\"filesystem\":null,\"data\":[],\"errors\":[]}\n",
        printed());
  }

  @Test
  void linesAreItemsAndTheEnvelopeComesLast() {
    Output out = output(Output.Form.JSON_LINES);
    out.item(json -> json.beginObject().field("n", 1).endObject());
    out.item(json -> json.beginObject().field("n", 2).endObject());
    out.finish();
    assertEquals(
        "{\"n\":1}\n{\"n\":2}\n{\"jbcachefs_json\":1,\"command\":\"show\",\"filesystem\":null,"
            + "\"data\":null,\"errors\":[]}\n",
        printed());
  }

  @Test
  void withoutDataTheEnvelopeSaysNullAndWhatWentWrong() {
    Output out = output(Output.Form.JSON);
    out.add(new Problem("not_found", "/x", "no such file", Map.of()));
    out.finish();
    assertEquals(
        "{\"jbcachefs_json\":1,\"command\":\"show\",\"filesystem\":null,\"data\":null,"
            + "\"errors\":[{\"kind\":\"not_found\",\"where\":\"/x\",\"message\":\"no such file\"}]}\n",
        printed());
  }

  @Test
  void integersThatADoubleCannotHoldAreStrings() {
    Output out = output(Output.Form.JSON_LINES);
    out.item(
        json -> json.beginArray().value(1L << 53).value((1L << 53) + 1).unsigned(-1).endArray());
    out.finish();
    assertEquals(
        "[9007199254740992,\"9007199254740993\",\"18446744073709551615\"]",
        printed().lines().findFirst().orElseThrow());
  }

  @Test
  void namesThatAreNoTextComeAsHexToo() {
    Output out = output(Output.Form.JSON_LINES);
    out.item(json ->
        json.beginObject()
            .name("name", new byte[] {'a', (byte) 0xff})
            .name("target", "ü\n".getBytes(StandardCharsets.UTF_8))
            .endObject());
    out.finish();
    assertEquals(
        "{\"name\":\"a\\\\377\",\"name_hex\":\"61ff\",\"target\":\"ü\\n\"}",
        printed().lines().findFirst().orElseThrow());
  }

  @Test
  void treesOfMapsAndListsAreWrittenAsTheyAre() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("list", Arrays.asList(1, "two", null, true, 2.5));
    tree.put("map", Map.of("k", List.of()));
    Output out = output(Output.Form.JSON_LINES);
    out.item(json -> json.value(tree));
    out.finish();
    assertEquals(
        "{\"list\":[1,\"two\",null,true,2.5],\"map\":{\"k\":[]}}",
        printed().lines().findFirst().orElseThrow());
  }

  @Test
  void longTextGoesThroughTheBufferUnchanged() {
    Output out = output(Output.Form.TEXT);
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 30_000; i++) {
      String line = i + (i % 7 == 0 ? " ä" : " a");
      out.text().println(line);
      expected.append(line).append('\n');
    }
    out.finish();
    assertEquals(expected.toString(), printed());
  }

  private static OutputStream failing(String reason) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(reason);
      }
    };
  }

  @Test
  void aReaderThatWentAwayIsToldFromADiskThatIsFull() {
    Output gone = new Output(failing("Broken pipe"), Output.Form.TEXT, "show");
    gone.text().print("x");
    assertThrows(ReaderGoneException.class, gone::finish);
    Output full = new Output(failing("No space left on device"), Output.Form.TEXT, "show");
    full.text().print("x");
    UncheckedIOException e = assertThrows(UncheckedIOException.class, full::finish);
    assertEquals("standard output: No space left on device", e.getCause().getMessage());
  }
}

// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Standard output in one of its forms.
 *
 * <p>As text a command prints to {@link #text()}. As JSON it says what filesystem it is about
 * ({@link #filesystem}) and then either writes one value with {@link #data()} or a list with {@link
 * #item}; the envelope around it comes by itself. With {@code --json=lines} every item is a line,
 * and the last line is the envelope with "data": null. Belongs to one thread.
 */
public final class Output {
  /** How standard output is written. */
  public enum Form {
    TEXT,
    JSON,
    JSON_LINES
  }

  private static final int VERSION = 1;
  private static final int MOST_ERRORS = 100_000;

  private final TextWriter text;
  private final Form form;
  private final String command;
  private final List<Problem> problems = new ArrayList<>();
  private long omittedProblems;
  private JsonWriter json;
  private UUID filesystem;
  private boolean headWritten;
  private boolean dataWritten;
  private boolean listOpen;

  /**
   * @param command its words, for the envelope
   */
  public Output(OutputStream sink, Form form, String command) {
    this.text = new TextWriter(sink);
    this.form = form;
    this.command = command;
  }

  public Form form() {
    return form;
  }

  public boolean isJson() {
    return form != Form.TEXT;
  }

  /** Plain text; only where {@link #isJson} is false, or for a command whose output is bytes. */
  public TextWriter text() {
    return text;
  }

  /** The user-visible UUID of the filesystem; before any data. */
  public void filesystem(UUID uuid) {
    filesystem = uuid;
  }

  /** The writer at the place of the one value "data"; write exactly one value. */
  public JsonWriter data() {
    if (form == Form.JSON) {
      head();
      json().key("data");
    }
    dataWritten = true;
    return json();
  }

  /** Writes the next element of the list "data", or the next line. */
  public void item(Consumer<JsonWriter> element) {
    beginList();
    element.accept(json());
  }

  /** Makes "data" a list even if no item follows. */
  public void beginList() {
    if (form == Form.JSON && !listOpen) {
      head();
      json().beginArray("data");
      listOpen = true;
    }
    dataWritten = true;
  }

  /** Adds an element to "errors". */
  public void add(Problem problem) {
    if (problems.size() < MOST_ERRORS) {
      problems.add(problem);
    } else {
      omittedProblems++;
    }
  }

  /** What was printed so far goes out, for somebody who watches. */
  public void flush() {
    if (json != null) {
      json.flush();
    }
    text.flush();
  }

  /** Completes the envelope and flushes; call once, at the end. */
  public void finish() {
    if (isJson()) {
      finishJson();
    }
    text.flush();
  }

  private void finishJson() {
    if (listOpen) {
      json().endArray();
    }
    if (form == Form.JSON_LINES || !dataWritten) {
      head();
      json().nothing("data");
    }
    json().beginArray("errors");
    problems.forEach(problem -> problem.write(json()));
    json().endArray();
    if (omittedProblems > 0) {
      json().field("errors_omitted", omittedProblems);
    }
    json().endObject();
    json().newline();
    json().flush();
  }

  private void head() {
    if (!headWritten) {
      headWritten = true;
      json().beginObject().field("jbcachefs_json", VERSION).field("command", command);
      json().field("filesystem", filesystem == null ? null : filesystem.toString());
    }
  }

  private JsonWriter json() {
    if (json == null) {
      json = new JsonWriter(text);
    }
    return json;
  }
}

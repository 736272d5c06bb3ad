// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.NewPassphrase;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.platform.LibC;
import org.jbcachefs.cli.platform.Machine;
import org.jbcachefs.cli.show.ByteSizes;
import org.jbcachefs.cli.show.CalendarTime;
import org.jbcachefs.cli.show.MemberNames;
import org.jbcachefs.cli.show.SuperblockJson;
import org.jbcachefs.cli.show.SuperblockText;
import org.jbcachefs.cli.show.VersionText;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.FormatPlan;
import org.jbcachefs.engine.recovery.FormatRequest;
import org.jbcachefs.engine.recovery.FormatRequest.MemberRequest;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.sb.CryptSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.FilesystemOption.Kind;
import org.jbcachefs.format.tables.FilesystemOption.Scope;
import org.jbcachefs.format.tables.MetadataVersion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Option;

/** {@code format}. */
@Command(
    name = "format",
    sortOptions = false,
    description = {
      "Makes a filesystem on one or more devices or image files; all that they hold is lost.",
      "Options of devices stand before the devices that they are for, and hold for all that follow"
          + " until they are given anew: format --label=ssd A --label=hdd B C.",
      "What holds something already is overwritten only with -f."
    })
public final class FormatCommand implements CliCommand {
  private static final int REPLICAS_MOST = 4;
  private static final String DEFAULT_SUPERBLOCK_SIZE = "1M";

  private final DeviceWords devices = new DeviceWords();
  private final Map<FilesystemOption, String> typed = new EnumMap<>(FilesystemOption.class);
  private final Map<FilesystemOption, Long> options = new EnumMap<>(FilesystemOption.class);
  private final Map<FilesystemOption, String> targets = new EnumMap<>(FilesystemOption.class);
  private final OptionTable table = new OptionTable(FormatCommand::isOffered);

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "Copies of data and metadata both, 1 to 4.")
  private Integer replicas;

  @Option(
      names = "--encrypted",
      description = "Encrypt everything (ChaCha20, Poly1305), with a passphrase.")
  private boolean encrypted;

  @Option(
      names = "--no-passphrase",
      description = "With --encrypted: keep the key in the clear, to be encrypted later.")
  private boolean noPassphrase;

  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description = {
        "Where the passphrase is; - for standard input.",
        "Without it: environment JBCACHEFS_PASSPHRASE, else the terminal, twice."
      })
  private String passphraseFile;

  @Option(
      names = {"-L", "--fs-label"},
      paramLabel = "LABEL",
      description = "Label of the filesystem, up to 31 bytes.")
  private String filesystemLabel = "";

  @Option(
      names = {"-U", "--uuid"},
      paramLabel = "UUID",
      description = "UUID by which the filesystem is known; random if not given.")
  private String uuid;

  @Option(
      names = "--superblock-size",
      paramLabel = "SIZE",
      description = "Room for each copy of the superblock; 1M if not given.")
  private String superblockSize = DEFAULT_SUPERBLOCK_SIZE;

  @Option(
      names = "--version",
      paramLabel = "X.Y",
      description = {
        "Use no feature that implementations of that version cannot read; from 1.28 on.",
        "Without it: this version's."
      })
  private String version;

  @Option(
      names = "--source",
      paramLabel = "DIR",
      description = "Copy what is in that directory into the new filesystem.")
  private String source;

  @Option(
      names = {"-f", "--force"},
      description = "Overwrite what the devices hold.")
  private boolean force;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be made.")
  private boolean dryRun;

  @Option(
      names = {"-q", "--quiet"},
      description = "Print nothing but errors.")
  private boolean quiet;

  @Option(
      names = {"-v", "--verbose"},
      description = "Accepted, without effect.")
  @SuppressWarnings("unused")
  private boolean verbose;

  @Option(
      names = {"-l", "--label"},
      paramLabel = "LABEL",
      description = "Of the devices that follow: a label, by which targets name them: ssd.fast")
  void label(String text) {
    if (text != null) {
      devices.label(text);
    }
  }

  @Option(
      names = "--fs-size",
      paramLabel = "SIZE",
      description = "Of the devices that follow: how much of the device is used.")
  void size(String text) {
    if (text != null) {
      devices.size(text);
    }
  }

  private static boolean isOffered(FilesystemOption option) {
    boolean filesystem = option.is(Scope.FORMAT) && option.is(Scope.FS);
    return (filesystem || option.is(Scope.DEVICE))
        && !option.is(Scope.HIDDEN)
        && option.isOfThisVersion();
  }

  @Override
  public void addOptions(CommandSpec spec) {
    spec.parser().overwrittenOptionsAllowed(true);
    table.declare(spec, this::set);
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("1..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("DEV")
            .description("A device or an image file that exists.")
            .parameterConsumer((words, _, _) -> devices.device(words.pop()))
            .build());
  }

  @Override
  public List<String> prepared(List<String> arguments) {
    return table.prepared(arguments);
  }

  private void set(FilesystemOption option, String text) {
    if (option.kind() == Kind.TARGET) {
      targets.put(option, text);
    } else if (option.is(Scope.DEVICE)) {
      devices.option(option, text);
    } else {
      typed.put(option, text);
    }
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    checkWords();
    UUID internal = FormatPlan.randomUuid(new SecureRandom());
    Optional<FilesystemKey> key = encrypted ? Optional.of(newKey()) : Optional.empty();
    List<DeviceWords.Device> words = devices.devices();
    List<MemberRequest> members = new FormatDevices(invocation).open(words, force, !dryRun);
    boolean formatting = false;
    try {
      FormatRequest request = request(invocation, internal, key, members);
      FormatOptions plan = FormatPlan.decide(request, Machine.here(), new SecureRandom());
      if (dryRun) {
        show(invocation, FilesystemFormat.preview(plan, 0, invocation.clock().instant()), words);
        invocation.note("nothing was written");
        return ExitCode.DONE;
      }
      formatting = true;
      format(invocation, plan, key, source);
    } finally {
      if (!formatting) {
        members.forEach(member -> member.device().close());
      }
    }
    show(invocation, written(invocation, words), words);
    return ExitCode.DONE;
  }

  private void checkWords() {
    typed.forEach((option, text) -> options.put(option, OptionValues.parse(option, text)));
    if (replicas != null) {
      if (replicas < 1 || replicas > REPLICAS_MOST) {
        throw new UsageException("--replicas takes 1 to " + REPLICAS_MOST);
      }
      options.put(FilesystemOption.METADATA_REPLICAS, (long) replicas);
      options.put(FilesystemOption.DATA_REPLICAS, (long) replicas);
    }
    if ((passphraseFile != null || noPassphrase) && !encrypted) {
      throw new UsageException("--passphrase-file and --no-passphrase need --encrypted");
    }
    if (source != null && !Files.isDirectory(Path.of(source))) {
      throw new UsageException("--source " + source + " is no directory");
    }
    if (source != null && !LibC.isAvailable()) {
      throw new UsageException("--source needs Linux and the library JNA for its processor");
    }
    if (passphraseFile != null && noPassphrase) {
      throw new UsageException("--passphrase-file and --no-passphrase exclude each other");
    }
  }

  private static FilesystemKey newKey() {
    byte[] bytes = new byte[FilesystemKey.BYTES];
    new SecureRandom().nextBytes(bytes);
    return new FilesystemKey(bytes);
  }

  private FormatRequest request(
      Invocation invocation,
      UUID internal,
      Optional<FilesystemKey> key,
      List<MemberRequest> members) {
    return new FormatRequest(
        internal,
        uuid == null ? FormatPlan.randomUuid(new SecureRandom()) : parsedUuid(),
        filesystemLabel,
        version == null ? MetadataVersion.CURRENT.number() : VersionText.parse(version),
        ByteSizes.parse(superblockSize),
        options,
        targets,
        key.map(filesystemKey -> crypt(invocation, internal, filesystemKey)),
        members);
  }

  private UUID parsedUuid() {
    String lower = uuid.toLowerCase(Locale.ROOT);
    if (!lower.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
      throw new UsageException("'" + uuid + "' is no UUID");
    }
    return UUID.fromString(lower);
  }

  private CryptSection crypt(Invocation invocation, UUID internal, FilesystemKey key) {
    if (noPassphrase) {
      return CryptSection.of(EncryptedKey.plain(key));
    }
    byte[] passphrase = NewPassphrase.of(invocation, passphraseFile);
    long magicWord = Long.reverseBytes(internal.getMostSignificantBits());
    CryptSection section = CryptSection.of(EncryptedKey.locked(key, passphrase, magicWord));
    Arrays.fill(passphrase, (byte) 0);
    return section;
  }

  private static void format(
      Invocation invocation, FormatOptions plan, Optional<FilesystemKey> key, String source)
      throws IOException {
    WriteOptions options = WriteOptions.defaults().withClock(invocation.clock());
    try (WritableFilesystem filesystem = FilesystemFormat.create(plan, key, options)) {
      if (source != null) {
        SourceCopy.copy(invocation, filesystem, source);
      }
    }
  }

  private static Superblock written(Invocation invocation, List<DeviceWords.Device> words) {
    try (BlockDevice first = invocation.devices().openReadOnly(Path.of(words.getFirst().path()))) {
      return SuperblockSearch.find(first).require();
    }
  }

  private void show(Invocation invocation, Superblock superblock, List<DeviceWords.Device> words) {
    Map<Integer, String> paths = new HashMap<>();
    for (int index = 0; index < words.size(); index++) {
      paths.put(index, words.get(index).path());
    }
    MemberNames names = new MemberNames(paths);
    invocation.out().filesystem(superblock.userUuid());
    if (invocation.out().isJson()) {
      JsonWriter json = invocation.out().data();
      json.beginObject().field("dry_run", dryRun).key("superblock");
      new SuperblockJson(superblock, names).write(json);
      json.endObject();
    } else if (!quiet) {
      CalendarTime time = new CalendarTime(invocation.clock().getZone());
      SuperblockText text = new SuperblockText(superblock, names, time);
      invocation.out().text().print(text.all(EnumSet.of(SectionType.MEMBERS_V2), false, false));
    }
  }
}

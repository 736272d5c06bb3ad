// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.NewPassphrase;
import org.jbcachefs.cli.show.ByteSizes;
import org.jbcachefs.cli.show.VersionText;
import org.jbcachefs.engine.recovery.FormatPlan;
import org.jbcachefs.engine.recovery.FormatRequest;
import org.jbcachefs.engine.recovery.FormatRequest.MemberRequest;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.sb.CryptSection;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.FilesystemOption.Kind;
import org.jbcachefs.format.tables.FilesystemOption.Scope;
import org.jbcachefs.format.tables.MetadataVersion;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What is said of a new filesystem, whatever it is made on. */
final class FormatWords {
  private static final int REPLICAS_MOST = 4;
  private static final String DEFAULT_SUPERBLOCK_SIZE = "1M";

  private final DeviceWords devices = new DeviceWords();
  private final Map<FilesystemOption, String> typed = new EnumMap<>(FilesystemOption.class);
  private final Map<FilesystemOption, Long> options = new EnumMap<>(FilesystemOption.class);
  private final Map<FilesystemOption, String> targets = new EnumMap<>(FilesystemOption.class);
  private final OptionTable table = new OptionTable(FormatWords::isOffered);

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
        "With 1.39 the filesystem is of that version; else it is of 1.38.",
        "Without it: this version's."
      })
  private String version;

  @Option(
      names = {"-l", "--label"},
      paramLabel = "LABEL",
      description = "Of the devices that follow: a label, by which targets name them: ssd.fast")
  void label(String text) {
    if (text != null) {
      devices.label(text);
    }
  }

  /** The devices, and the options of each. */
  DeviceWords devices() {
    return devices;
  }

  private static boolean isOffered(FilesystemOption option) {
    boolean filesystem = option.is(Scope.FORMAT) && option.is(Scope.FS);
    return (filesystem || option.is(Scope.DEVICE))
        && !option.is(Scope.HIDDEN)
        && option.isOfThisVersion();
  }

  /** Declares the options of filesystems and devices. */
  void declare(CommandSpec spec) {
    spec.parser().overwrittenOptionsAllowed(true);
    table.declare(spec, this::set);
  }

  /** Arguments with yes-or-no options given their value. */
  List<String> prepared(List<String> arguments) {
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

  /** Refuses what cannot be meant; to be called before anything else is asked for. */
  void check() {
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
    if (passphraseFile != null && noPassphrase) {
      throw new UsageException("--passphrase-file and --no-passphrase exclude each other");
    }
  }

  /** A new key, if everything is to be encrypted. */
  Optional<FilesystemKey> key() {
    return encrypted ? Optional.of(newKey()) : Optional.empty();
  }

  private static FilesystemKey newKey() {
    byte[] bytes = new byte[FilesystemKey.BYTES];
    new SecureRandom().nextBytes(bytes);
    return new FilesystemKey(bytes);
  }

  /** All of it. */
  FormatRequest request(
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
}

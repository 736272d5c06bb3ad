# SPDX-License-Identifier: GPL-2.0-or-later
"""Real kernels as judges: Debian's kernels booted in QEMU with image files as their disks.

Rooms: ``archive`` gets Debian packages without touching this machine's apt configuration; ``kernel``
unpacks one and knows the load order of its modules; ``initramfs`` packs the guest's first root;
``guest`` boots it, runs scripts and brings back results and the kernel's log; ``module`` builds kmod/ for a kernel;
``java`` runs this project's JUnit tests in the guest; ``tools113`` runs Debian's bcachefs-tools 1.13 from a folder;
``trees`` compares file trees with manifests. Standard library only.
"""

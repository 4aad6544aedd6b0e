/* SPDX-License-Identifier: Apache-2.0 */
/**
 * \file
 * What ABI 1.1 added, in numbers, in the manner of layout_1_0.h and under the same promise. That
 * header comes first: it has the macros.
 */

/* clang-format off */

SIZE(patchbay_listen_options, 40);
FIELD(patchbay_listen_options, struct_size, 0, uint32_t);
FIELD(patchbay_listen_options, flags, 4, uint32_t);
FIELD(patchbay_listen_options, address, 8, patchbay_string);
FIELD(patchbay_listen_options, port, 24, uint32_t);
FIELD(patchbay_listen_options, count, 28, uint32_t);
FIELD(patchbay_listen_options, backlog, 32, uint32_t);
FIELD(patchbay_listen_options, unix_mode, 36, uint32_t);

SIZE(patchbay_listener, 24);
FIELD(patchbay_listener, descriptor, 0, intptr_t);
FIELD(patchbay_listener, id, 8, uint64_t);
FIELD(patchbay_listener, port, 16, uint32_t);
FIELD(patchbay_listener, reserved, 20, uint32_t);

SIZE(patchbay_sockets, 24);
FIELD(patchbay_sockets, struct_size, 0, uint32_t);
FIELD(patchbay_sockets, listen, 8, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, const patchbay_listen_options*, patchbay_array*, patchbay_error*));
FIELD(patchbay_sockets, release, 16, void (PATCHBAY_CALL*)(const patchbay_host*, uint64_t, uint32_t));

VALUE(PATCHBAY_LISTEN_IPV6_ONLY, 1);
VALUE(PATCHBAY_RELEASE_KEEP, 1);

SIZE(patchbay_proof, 160);
FIELD(patchbay_proof, identifier, 0, patchbay_string);
FIELD(patchbay_proof, ledger_id, 16, patchbay_string);
FIELD(patchbay_proof, public_key, 32, patchbay_string);
FIELD(patchbay_proof, not_before, 48, patchbay_string);
FIELD(patchbay_proof, not_after, 64, patchbay_string);
FIELD(patchbay_proof, message, 80, patchbay_string);
FIELD(patchbay_proof, signature, 96, patchbay_string);
FIELD(patchbay_proof, signer_public_key, 112, patchbay_string);
FIELD(patchbay_proof, signer_address, 128, patchbay_string);
FIELD(patchbay_proof, path, 144, patchbay_string);

SIZE(patchbay_proofs, 16);
FIELD(patchbay_proofs, struct_size, 0, uint32_t);
FIELD(patchbay_proofs, list, 8, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_array*, patchbay_block**));

VALUE(PATCHBAY_MOST_PROOFS, 64);
/* clang-format on */

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

SIZE(patchbay_sockets, 48);
FIELD(patchbay_sockets, struct_size, 0, uint32_t);
FIELD(patchbay_sockets, listen, 8, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, const patchbay_listen_options*, patchbay_array*, patchbay_error*));
FIELD(patchbay_sockets, release, 16, void (PATCHBAY_CALL*)(const patchbay_host*, uint64_t, uint32_t));
FIELD(patchbay_sockets, accept_parked, 24, void (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string));
FIELD(patchbay_sockets, park, 32, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, intptr_t, patchbay_string, patchbay_bytes));
FIELD(patchbay_sockets, adopt, 40, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, patchbay_array*));

SIZE(patchbay_parked, 24);
FIELD(patchbay_parked, descriptor, 0, intptr_t);
FIELD(patchbay_parked, state, 8, patchbay_bytes);

SIZE(patchbay_state, 32);
FIELD(patchbay_state, struct_size, 0, uint32_t);
FIELD(patchbay_state, offer, 8, void (PATCHBAY_CALL*)(const patchbay_host*, uint32_t, uint32_t));
FIELD(patchbay_state, write, 16, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_bytes));
FIELD(patchbay_state, read, 24, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, uint8_t*, size_t, size_t*));

VALUE(PATCHBAY_LISTEN_IPV6_ONLY, 1);
VALUE(PATCHBAY_RELEASE_KEEP, 1);

SIZE(patchbay_envelope, 168);
FIELD(patchbay_envelope, agent, 152, const char*);
FIELD(patchbay_envelope, agent_size, 160, uint32_t);
FIELD(patchbay_envelope, reserved, 164, uint32_t);

VALUE(PATCHBAY_REASON_AGENT_OFFLINE, 14);
VALUE(PATCHBAY_SIGNAL_IDENTITY_RESULT, 11);
VALUE(PATCHBAY_SIGNAL_AGENT_PING, 12);
VALUE(PATCHBAY_SIGNAL_SESSION_END, 13);
VALUE(PATCHBAY_SIGNAL_AGENT_CHANGED, 14);
VALUE(PATCHBAY_SIGNAL_STATE_SAVE, 15);
VALUE(PATCHBAY_SIGNAL_STATE_LOAD, 16);
VALUE(PATCHBAY_SIGNAL_PARKED, 17);
VALUE(PATCHBAY_PARKED_STATE_SIZE, 65536);

SIZE(patchbay_identity_settings, 72);
FIELD(patchbay_identity_settings, struct_size, 0, uint32_t);
FIELD(patchbay_identity_settings, flags, 4, uint32_t);
FIELD(patchbay_identity_settings, network_name, 8, patchbay_string);
FIELD(patchbay_identity_settings, network_id, 24, patchbay_string);
FIELD(patchbay_identity_settings, heartbeat_interval, 40, uint64_t);
FIELD(patchbay_identity_settings, agent_timeout, 48, uint64_t);
FIELD(patchbay_identity_settings, ping_timeout, 56, uint64_t);
FIELD(patchbay_identity_settings, certificate_lifetime, 64, uint64_t);

SIZE(patchbay_agent_registration, 112);
FIELD(patchbay_agent_registration, struct_size, 0, uint32_t);
FIELD(patchbay_agent_registration, flags, 4, uint32_t);
FIELD(patchbay_agent_registration, connection, 8, uint64_t);
FIELD(patchbay_agent_registration, agent_id, 16, patchbay_string);
FIELD(patchbay_agent_registration, metadata, 32, patchbay_string);
FIELD(patchbay_agent_registration, certificate, 48, patchbay_string);
FIELD(patchbay_agent_registration, proof, 64, patchbay_string);
FIELD(patchbay_agent_registration, remote, 80, patchbay_string);
FIELD(patchbay_agent_registration, transport, 96, patchbay_string);

SIZE(patchbay_agent_claim, 96);
FIELD(patchbay_agent_claim, struct_size, 0, uint32_t);
FIELD(patchbay_agent_claim, flags, 4, uint32_t);
FIELD(patchbay_agent_claim, session, 8, uint64_t);
FIELD(patchbay_agent_claim, agent_id, 16, patchbay_string);
FIELD(patchbay_agent_claim, certificate, 32, patchbay_string);
FIELD(patchbay_agent_claim, token, 48, patchbay_string);
FIELD(patchbay_agent_claim, public_key, 64, patchbay_bytes);
FIELD(patchbay_agent_claim, remote, 80, patchbay_string);

SIZE(patchbay_agent, 32);
FIELD(patchbay_agent, struct_size, 0, uint32_t);
FIELD(patchbay_agent, flags, 4, uint32_t);
FIELD(patchbay_agent, session, 8, uint64_t);
FIELD(patchbay_agent, connection, 16, uint64_t);
FIELD(patchbay_agent, lane, 24, uint32_t);
FIELD(patchbay_agent, reserved, 28, uint32_t);

SIZE(patchbay_identity, 112);
FIELD(patchbay_identity, struct_size, 0, uint32_t);
FIELD(patchbay_identity, settings, 8, void (PATCHBAY_CALL*)(const patchbay_host*, patchbay_identity_settings*));
FIELD(patchbay_identity, register_agent, 16, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, const patchbay_agent_registration*, uint64_t));
FIELD(patchbay_identity, unregister, 24, void (PATCHBAY_CALL*)(const patchbay_host*, uint64_t));
FIELD(patchbay_identity, touch, 32, void (PATCHBAY_CALL*)(const patchbay_host*, uint64_t));
FIELD(patchbay_identity, pong, 40, void (PATCHBAY_CALL*)(const patchbay_host*, uint64_t, uint64_t, bool));
FIELD(patchbay_identity, claim, 48, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, const patchbay_agent_claim*, uint64_t));
FIELD(patchbay_identity, renew, 56, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, uint64_t, uint32_t, uint64_t));
FIELD(patchbay_identity, release, 64, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, uint64_t, uint64_t));
FIELD(patchbay_identity, validate, 72, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, patchbay_string, patchbay_string, uint64_t));
FIELD(patchbay_identity, lookup, 80, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, patchbay_agent*));
FIELD(patchbay_identity, list, 88, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, uint32_t, patchbay_bytes*, patchbay_block**));
FIELD(patchbay_identity, subscribe, 96, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, bool));
FIELD(patchbay_identity, move, 104, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, uint64_t, uint64_t));

VALUE(PATCHBAY_IDENTITY_OPENAGENTS_05, 1);
VALUE(PATCHBAY_IDENTITY_FORCE, 1);
VALUE(PATCHBAY_IDENTITY_VOID_EARLIER, 2);
VALUE(PATCHBAY_NO_LANE, 0xFFFFFFFF);
VALUE(PATCHBAY_AGENT_IS_ONLINE, 1);
VALUE(PATCHBAY_AGENT_IS_CLAIMED, 2);
VALUE(PATCHBAY_SESSION_END_REPLACED, 1);
VALUE(PATCHBAY_SESSION_END_TIMEOUT, 2);
VALUE(PATCHBAY_SESSION_END_REMOVED, 3);
VALUE(PATCHBAY_AGENT_JOINED, 1);
VALUE(PATCHBAY_AGENT_LEFT, 2);
VALUE(PATCHBAY_AGENT_LOST, 3);
VALUE(PATCHBAY_AGENT_REPLACED, 4);
VALUE(PATCHBAY_AGENT_CLAIMED, 5);
VALUE(PATCHBAY_AGENT_RELEASED, 6);
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

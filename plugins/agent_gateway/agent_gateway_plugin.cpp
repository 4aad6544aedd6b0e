// SPDX-License-Identifier: Apache-2.0
#include "agent_gateway_connection.hpp"

#include <patchbay/registration.hpp>

PATCHBAY_REGISTER_CONNECTION(patchbay::agent_gateway::AgentGatewayConnection,
                             "AgentGatewayConnection", "patchbay/agent_gateway:0.1.0")

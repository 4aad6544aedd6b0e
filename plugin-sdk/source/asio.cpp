// SPDX-License-Identifier: Apache-2.0
/// \file
/// Boost.Asio, compiled once for every user of the SDK (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>

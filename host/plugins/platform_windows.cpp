// SPDX-License-Identifier: Apache-2.0
#include "plugins/platform.hpp"

#include <windows.h>

#include <array>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace patchbay::plugins::platform {
namespace {

tl::unexpected<Error> system_failure(std::string code, const std::string& what, DWORD number) {
    return failure(ErrorClass::failed, std::move(code),
                   what + ": " + system_text(static_cast<int>(number)));
}

struct CloseHandleOf {
    void operator()(HANDLE handle) const { ::CloseHandle(handle); }
};
using OwnedHandle = std::unique_ptr<void, CloseHandleOf>;

OwnedHandle open_file(const std::filesystem::path& file, DWORD access, DWORD share, DWORD creation,
                      DWORD attributes) {
    HANDLE handle =
        ::CreateFileW(file.c_str(), access, share, nullptr, creation, attributes, nullptr);
    return OwnedHandle(handle == INVALID_HANDLE_VALUE ? nullptr : handle);
}

bool lock_handle(HANDLE handle, DWORD flags) {
    OVERLAPPED range{};
    return ::LockFileEx(handle, LOCKFILE_EXCLUSIVE_LOCK | flags, 0, 1, 0, &range) != 0;
}

}  // namespace

std::string_view name() {
    return "windows-x86_64";
}

std::string system_text(int number) {
    std::array<char, 512> text{};
    const DWORD size = ::FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS,
                                        nullptr, static_cast<DWORD>(number), 0, text.data(),
                                        static_cast<DWORD>(text.size()), nullptr);
    std::string answer(text.data(), size);
    while (!answer.empty() && (answer.back() == '\n' || answer.back() == '\r')) {
        answer.pop_back();
    }
    return answer.empty() ? "error " + std::to_string(number) : answer;
}

struct NativeLibrary::Impl {
    HMODULE module = nullptr;

    explicit Impl(HMODULE opened) : module(opened) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { ::FreeLibrary(module); }
};

NativeLibrary::NativeLibrary() = default;
NativeLibrary::NativeLibrary(NativeLibrary&&) noexcept = default;
NativeLibrary& NativeLibrary::operator=(NativeLibrary&&) noexcept = default;
NativeLibrary::~NativeLibrary() = default;

Result<NativeLibrary> NativeLibrary::open(const std::filesystem::path& file) {
    // Dependencies come from the library's own folder and the system's, never from the current
    // directory or PATH. An extension keeps Windows from adding one.
    HMODULE module = ::LoadLibraryExW(
        file.c_str(), nullptr, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    if (module == nullptr) {
        return system_failure("plugin.load_failed", file.string(), ::GetLastError());
    }
    NativeLibrary opened;
    opened.impl_ = std::make_unique<Impl>(module);
    return opened;
}

void* NativeLibrary::find(const char* symbol) const {
    if (impl_ == nullptr) {
        return nullptr;
    }
    FARPROC address = ::GetProcAddress(impl_->module, symbol);
    void* answer = nullptr;
    static_assert(sizeof(answer) == sizeof(address));
    std::memcpy(&answer, &address, sizeof(answer));
    return answer;
}

void NativeLibrary::close() {
    impl_.reset();
}

void NativeLibrary::keep_forever() {
    if (impl_ != nullptr) {
        HMODULE pinned = nullptr;
        ::GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                             reinterpret_cast<LPCWSTR>(impl_->module), &pinned);
        impl_.reset();
    }
}

bool is_mapped(const std::filesystem::path& file) {
    return ::GetModuleHandleW(file.c_str()) != nullptr;
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
    // A new folder inherits the rights of the data folder, which is the operator's to protect.
    if (::CreateDirectoryW(folder.c_str(), nullptr) == 0 &&
        ::GetLastError() != ERROR_ALREADY_EXISTS) {
        return system_failure("plugin.run_folder", "cannot make the folder " + folder.string(),
                              ::GetLastError());
    }
    return {};
}

Result<void> probe_executable(const std::filesystem::path&) {
    return {};
}

Result<std::uint64_t> copy_file(const std::filesystem::path& source,
                                const std::filesystem::path& target, std::uint64_t limit,
                                const ByteSink& sink) {
    const OwnedHandle in =
        open_file(source, GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN);
    if (!in) {
        return system_failure("plugin.copy_failed", "cannot open " + source.string(),
                              ::GetLastError());
    }
    if (::GetFileType(in.get()) != FILE_TYPE_DISK) {
        return failure(ErrorClass::invalid, "plugin.not_a_file",
                       source.string() + " is not a regular file");
    }
    const OwnedHandle out =
        open_file(target, GENERIC_WRITE, 0, CREATE_NEW, FILE_ATTRIBUTE_READONLY);
    if (!out) {
        return system_failure("plugin.copy_failed", "cannot create " + target.string(),
                              ::GetLastError());
    }
    std::vector<std::byte> piece(std::size_t{256} * 1024);
    std::uint64_t total = 0;
    for (;;) {
        DWORD got = 0;
        if (::ReadFile(in.get(), piece.data(), static_cast<DWORD>(piece.size()), &got, nullptr) ==
            0) {
            return system_failure("plugin.copy_failed", "cannot read " + source.string(),
                                  ::GetLastError());
        }
        if (got == 0) {
            return total;
        }
        total += got;
        if (total > limit) {
            return failure(ErrorClass::invalid, "plugin.too_large",
                           source.string() + " is larger than " + std::to_string(limit) +
                               " bytes, the most that is loaded");
        }
        DWORD written = 0;
        if (::WriteFile(out.get(), piece.data(), got, &written, nullptr) == 0 || written != got) {
            return system_failure("plugin.copy_failed", "cannot write " + target.string(),
                                  ::GetLastError());
        }
        sink(piece.data(), got);
    }
}

FileLock::FileLock(FileLock&& other) noexcept : handle_(std::exchange(other.handle_, 0)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}

FileLock::~FileLock() {
    if (handle_ != 0) {
        ::CloseHandle(reinterpret_cast<HANDLE>(handle_));
    }
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& file) {
    OwnedHandle handle = open_file(file, GENERIC_READ | GENERIC_WRITE,
                                   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                   OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL);
    if (!handle || !lock_handle(handle.get(), 0)) {
        return system_failure("plugin.run_folder", "cannot lock " + file.string(),
                              ::GetLastError());
    }
    return FileLock(reinterpret_cast<std::intptr_t>(handle.release()));
}

std::optional<FileLock> FileLock::try_existing(const std::filesystem::path& file) {
    OwnedHandle handle = open_file(file, GENERIC_READ | GENERIC_WRITE,
                                   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                   OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL);
    if (!handle || !lock_handle(handle.get(), LOCKFILE_FAIL_IMMEDIATELY)) {
        return std::nullopt;
    }
    return FileLock(reinterpret_cast<std::intptr_t>(handle.release()));
}

bool is_own_folder(const std::filesystem::path& folder) {
    const DWORD attributes = ::GetFileAttributesW(folder.c_str());
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
           (attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0;
}

void wait_readable(std::intptr_t descriptor, std::optional<std::uint64_t> delay) {
    DWORD limit = INFINITE;
    if (delay.has_value()) {
        // Rounded up, so that a timer is due when the wait ends.
        const std::uint64_t milliseconds = *delay / 1'000'000U + 1;
        limit = static_cast<DWORD>(milliseconds < 3'600'000U ? milliseconds : 3'600'000U);
    }
    ::WaitForSingleObject(reinterpret_cast<HANDLE>(descriptor), limit);
}

void name_this_thread(const std::string& name) {
    // Windows 10 has it; MinGW's headers do not declare it.
    using Function = HRESULT(WINAPI*)(HANDLE, PCWSTR);
    FARPROC address = ::GetProcAddress(::GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription");
    if (address != nullptr) {
        Function set_description = nullptr;
        std::memcpy(&set_description, &address, sizeof(set_description));
        set_description(::GetCurrentThread(), std::wstring(name.begin(), name.end()).c_str());
    }
}

}  // namespace patchbay::plugins::platform

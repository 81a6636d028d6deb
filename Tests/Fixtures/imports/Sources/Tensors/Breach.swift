// Breaks the architecture on purpose: Tensors must not know the plugin host, and does not declare it.
@_exported public import struct PluginHost.PluginCatalog
